/// The processor time that the control groups of this process allow.
///
/// Containers and batch systems limit a process by a quota: so many microseconds of processor time
/// in each period, over all threads. Threads beyond it make a program slower, since all of them are
/// stopped until the period is over. A group is bound by the quotas of all groups above it as well.
/// Both versions of the Linux interface are read: `cpu.max` of version 2 and `cpu.cfs_quota_us` of
/// version 1. (A group's set of processors shows in the affinity mask.)
package struct ControlGroup: Sendable {
  /// A quota and the file that sets it.
  package struct Quota: Sendable, Equatable {
    /// How many processors' time the process gets: 1.5 is 150 ms in every 100 ms.
    package var processors: Double
    /// Where it was read.
    package var file: String

    package init(processors: Double, file: String) {
      self.processors = processors
      self.file = file
    }
  }

  /// The tightest quota; `nil` if there is none.
  package var quota: Quota?
  /// One sentence for each file that could not be understood.
  package var warnings: [String] = []

  /// Reads the groups of this process.
  package init(in files: SystemText) {
    for (folder, isVersion2) in Self.folders(of: "cpu", in: files) {
      if isVersion2 {
        readVersion2(folder, in: files)
      } else {
        readVersion1(folder, in: files)
      }
    }
  }

  // MARK: Where the groups are

  /// The folders of this process' groups that a controller (`cpu`, `memory`) may limit, and of all
  /// groups above them, each with whether it is of version 2.
  static func folders(
    of controller: String, in files: SystemText
  ) -> [(folder: String, isVersion2: Bool)] {
    guard let memberships = files.text(of: "/proc/self/cgroup") else { return [] }
    let mounts = mounts(in: files.text(of: "/proc/self/mountinfo") ?? "", of: controller)
    var found: [(folder: String, isVersion2: Bool)] = []
    for line in memberships.split(separator: "\n") {
      // hierarchy:controllers:path, the path may contain colons.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isVersion2 = fields[1].isEmpty
      guard isVersion2 || fields[1].split(separator: ",").contains(Substring(controller)) else {
        continue
      }
      for mount in mounts where mount.isVersion2 == isVersion2 {
        found += mount.folders(of: String(fields[2])).map { ($0, isVersion2) }
      }
    }
    return found
  }

  /// A hierarchy of groups in the file system.
  struct Mount: Equatable {
    /// Which group the mount point shows: `/`, or a container's own.
    var group: String
    /// Its folder.
    var point: String
    /// Whether it is of version 2 of the interface.
    var isVersion2: Bool

    /// The folders of a group and of all groups above it, as far as they can be seen here.
    func folders(of path: String) -> [String] {
      var names = path.split(separator: "/")
      let hidden = group.split(separator: "/")
      if names.starts(with: hidden) {
        names.removeFirst(hidden.count)
      } else {
        // The path is told as the host sees it, but the mount shows the container's part.
        names = []
      }
      // A group outside of the visible part.
      if names.contains("..") { names = [] }
      let base = point == "/" ? "" : point
      return (0...names.count).reversed().map { length in
        names.prefix(length).reduce(base) { $0 + "/" + $1 }
      }
    }
  }

  /// The mounted hierarchies in which a controller may limit something, by the text of `mountinfo`;
  /// by custom places if there is none.
  static func mounts(in mountinfo: String, of controller: String) -> [Mount] {
    var mounts: [Mount] = []
    for line in mountinfo.split(separator: "\n") {
      // id parent device root point options [tags…] - type source superOptions
      let fields = line.split(separator: " ")
      guard let separator = fields.firstIndex(of: "-"), separator >= 6,
        fields.count > separator + 3
      else { continue }
      let isVersion2 = fields[separator + 1] == "cgroup2"
      let isVersion1 =
        fields[separator + 1] == "cgroup"
        && fields[separator + 3].split(separator: ",").contains(Substring(controller))
      if isVersion2 || isVersion1 {
        mounts.append(
          Mount(group: String(fields[3]), point: String(fields[4]), isVersion2: isVersion2))
      }
    }
    if !mounts.isEmpty { return mounts }
    return [
      Mount(group: "/", point: "/sys/fs/cgroup", isVersion2: true),
      Mount(group: "/", point: "/sys/fs/cgroup/\(controller)", isVersion2: false),
      Mount(group: "/", point: "/sys/fs/cgroup/cpu,cpuacct", isVersion2: false),
    ]
  }

  // MARK: What they allow

  private mutating func readVersion2(_ folder: String, in files: SystemText) {
    let path = folder + "/cpu.max"
    guard let text = files.line(path) else { return }
    let fields = text.split(separator: " ")
    if fields.first == "max" { return }
    if (1...2).contains(fields.count), let quota = Int(fields[0]), quota > 0,
      let period = fields.count == 2 ? Int(fields[1]) : 100_000, period > 0
    {
      add(quota, period, path)
    } else {
      warnings.append(
        "\(path): expected a quota and a period in microseconds, such as \"200000 100000\", or "
          + "\"max\", found \"\(shortened(text))\"; this limit is ignored.")
    }
  }

  private mutating func readVersion1(_ folder: String, in files: SystemText) {
    let path = folder + "/cpu.cfs_quota_us"
    guard let text = files.line(path) else { return }
    // -1 is what no limit looks like.
    if text == "-1" { return }
    let periodPath = folder + "/cpu.cfs_period_us"
    let periodText = files.line(periodPath) ?? ""
    guard let quota = Int(text), quota > 0 else {
      warnings.append(
        "\(path): expected microseconds or -1, found \"\(shortened(text))\"; this limit is ignored."
      )
      return
    }
    guard let period = Int(periodText), period > 0 else {
      warnings.append(
        "\(periodPath): expected microseconds, found \"\(shortened(periodText))\"; this limit is "
          + "ignored.")
      return
    }
    add(quota, period, path)
  }

  private mutating func add(_ microseconds: Int, _ period: Int, _ file: String) {
    let processors = Double(microseconds) / Double(period)
    if processors < quota?.processors ?? .infinity {
      quota = Quota(processors: processors, file: file)
    }
  }
}

/// A text from outside, as long as a message can bear.
func shortened(_ text: String) -> String {
  text.count <= 40 ? text : text.prefix(40) + "…"
}
