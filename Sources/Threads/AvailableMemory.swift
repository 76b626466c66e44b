#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How much memory this process can still take, as far as the system tells.
///
/// Linux promises more memory than there is, and ends a process that uses what it was promised: so
/// whoever needs much asks here first. The smallest of these counts:
///
/// 1. what the machine has available without swapping (`MemAvailable`);
/// 2. what the limits of the control groups leave (a container's, Slurm's), of both versions;
/// 3. what the limits of the address space and of the data leave (`ulimit -v`, `ulimit -d`).
///
/// A look at one moment: other processes may take it in the next.
public struct AvailableMemory: Sendable, Equatable {
  /// The number of bytes; `nil` if nothing limits it that can be read.
  public private(set) var byteCount: Int?
  /// What the number comes from, to be read after it: "available on this machine".
  public private(set) var reason = "no limit is known"

  /// What this process can take now.
  public static func detected() -> AvailableMemory {
    AvailableMemory(
      in: SystemText(), addressSpaceLimit: limit(addressSpace), dataLimit: limit(data),
      pageSize: max(sysconf(Int32(_SC_PAGESIZE)), 1))
  }

  /// What a process can take on the machine that `files` tell about.
  package init(
    in files: SystemText, addressSpaceLimit: Int? = nil, dataLimit: Int? = nil,
    pageSize: Int = 4096
  ) {
    if let available = Self.value(of: "MemAvailable:", in: files.text(of: "/proc/meminfo")) {
      // Told in units of 1024 bytes.
      lower(to: available << 10, "on this machine")
    }
    for (folder, isVersion2) in ControlGroup.folders(of: "memory", in: files) {
      readGroup(folder, isVersion2, in: files)
    }
    if let addressSpaceLimit,
      let pages = files.line("/proc/self/statm")?.split(separator: " ").first.flatMap({ Int($0) })
    {
      lower(
        to: addressSpaceLimit &- pages &* pageSize,
        "within the limit of the address space (ulimit -v)")
    }
    if let dataLimit,
      let used = Self.value(of: "VmData:", in: files.text(of: "/proc/self/status"))
    {
      lower(to: dataLimit &- used << 10, "within the limit of the data (ulimit -d)")
    }
  }

  private mutating func readGroup(_ folder: String, _ isVersion2: Bool, in files: SystemText) {
    func number(_ name: String) -> Int? { files.line(folder + "/" + name).flatMap { Int($0) } }
    guard let limit = number(isVersion2 ? "memory.max" : "memory.limit_in_bytes"),
      // Version 1 writes "no limit" as a number of almost all bits.
      limit < 1 << 60,
      let used = number(isVersion2 ? "memory.current" : "memory.usage_in_bytes")
    else { return }
    // Pages of files that nobody has used lately count as used, and go when memory is wanted.
    let cached = Self.value(
      of: isVersion2 ? "inactive_file " : "total_inactive_file ",
      in: files.text(of: folder + "/memory.stat"))
    lower(to: limit - max(used - (cached ?? 0), 0), "in the control group \(folder)")
  }

  private mutating func lower(to byteCount: Int, _ place: String) {
    guard byteCount < self.byteCount ?? .max else { return }
    self.byteCount = max(byteCount, 0)
    reason = "available \(place)"
  }

  /// The first number behind a key at the start of a line.
  private static func value(of key: String, in text: String?) -> Int? {
    guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else {
      return nil
    }
    return line.dropFirst(key.count).split { $0 == " " || $0 == "\t" }.first.flatMap { Int($0) }
  }

  /// A number of bytes for people: `34.2 MB`, `1.5 GB`.
  package static func text(_ byteCount: Int) -> String {
    let isLarge = byteCount >= 1_000_000_000
    let tenths = (Double(byteCount) / (isLarge ? 1e8 : 1e5)).rounded()
    return "\(tenths / 10) \(isLarge ? "GB" : "MB")"
  }

  #if canImport(Glibc)
  private typealias Resource = __rlimit_resource_t
  private static let addressSpace = Resource(RLIMIT_AS.rawValue)
  private static let data = Resource(RLIMIT_DATA.rawValue)
  #else
  private typealias Resource = Int32
  private static let addressSpace = Resource(RLIMIT_AS)
  private static let data = Resource(RLIMIT_DATA)
  #endif

  /// A limit of this process in bytes; nil where there is none.
  private static func limit(_ resource: Resource) -> Int? {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
    return Int(limit.rlim_cur)
  }
}

extension AvailableMemory: CustomStringConvertible {
  /// "20.1 GB available on this machine".
  public var description: String { (byteCount.map { Self.text($0) + " " } ?? "") + reason }
}
