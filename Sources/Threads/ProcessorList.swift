/// The numbers of processors in Linux's notation for sets of them: "0-3,8,10-11".
package enum ProcessorList {
  /// More processors than Linux can be built for; a larger number is a mistake.
  private static let limit = 1 << 16

  /// The numbers in a list, or `nil` if it is none; an empty list is a list.
  package static func parse(_ text: String) -> Set<Int>? {
    var processors: Set<Int> = []
    for part in text.split(separator: ",") {
      let bounds = trimmed(part).split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(bounds.count), let first = Int(bounds[0]),
        let last = Int(bounds[bounds.count - 1]), first >= 0, first <= last, last < limit
      else { return nil }
      processors.formUnion(first...last)
    }
    return processors
  }

  /// The processors that are switched on, or `nil` if the system does not tell.
  package static func online(in files: SystemText) -> Set<Int>? {
    files.line("/sys/devices/system/cpu/online").flatMap(parse)
  }

  /// The processors that this thread may run on, or `nil` if the system does not tell.
  ///
  /// The C library's `sched_getaffinity` does not reach Swift; this is the same mask as text, except
  /// that it may contain processors that are switched off.
  package static func affinity(in files: SystemText) -> Set<Int>? {
    guard let status = files.text(of: "/proc/thread-self/status") else { return nil }
    let key = "Cpus_allowed_list:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else {
      return nil
    }
    return parse(trimmed(line.dropFirst(key.count)))
  }
}
