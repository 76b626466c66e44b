/// What else keeps the processors of this process from it: other processes, and its own quota.
package struct SystemLoad: Sendable, Equatable {
  /// How many threads were running or waiting for a processor, on the mean of the last minute; `nil`
  /// if the system does not tell.
  package var loadAverage: Double?
  /// The share of periods in which a control group's quota was used up before they ended.
  package var throttledShare: Double?

  private let processorCount: Int

  /// What is going on now on the machine that `files` tell about.
  package init(in files: SystemText = SystemText()) {
    loadAverage = files.line("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
    processorCount = ProcessorList.online(in: files)?.count ?? 1
    for (folder, _) in ControlGroup.folders(of: "cpu", in: files) {
      guard let text = files.text(of: folder + "/cpu.stat") else { continue }
      var numbers: [Substring: Double] = [:]
      for line in text.split(separator: "\n") {
        let fields = line.split(separator: " ")
        if fields.count == 2 { numbers[fields[0]] = Double(fields[1]) }
      }
      if let periods = numbers["nr_periods"], let throttled = numbers["nr_throttled"], periods > 0 {
        throttledShare = max(throttledShare ?? 0, throttled / periods)
      }
    }
  }

  /// What takes speed, and what to do; empty if nothing does.
  package var warnings: [String] {
    var warnings: [String] = []
    if let loadAverage, loadAverage > 0.5 * Double(processorCount) {
      warnings.append(
        "Other work is running: the load of the last minute was \((loadAverage * 10).rounded() / 10) "
          + "on \(processorCount) processors. Processes that share a machine are fastest with cores of "
          + "their own: give each its part (taskset, a cpuset) or its number (--threads).")
    }
    if let throttledShare, throttledShare > 0.05 {
      warnings.append(
        "The control group's quota stopped this group in \(Int(throttledShare * 100)) % of its "
          + "periods: more threads run in it than the quota has processors. Use fewer, or raise it."
      )
    }
    return warnings
  }
}
