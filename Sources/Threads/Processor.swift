/// The processor of this machine, as far as the system tells: for reports and benchmarks.
///
/// Nothing is computed differently because of it.
public struct Processor: Sendable, Equatable {
  /// The vendor: "Intel", "AMD", "Arm", …; as the system writes it if it is none that is known.
  public var vendor: String?
  /// The model: "Intel(R) Xeon(R) Platinum 8488C", "Neoverse-N1".
  public var model: String?
  /// How many processors the system has switched on; hardware threads count.
  public var logicalCount: Int
  /// How many cores these are.
  public var coreCount: Int?
  /// The instruction sets that matter here, of those that processor and system support.
  public var instructionSets: [InstructionSet]
  /// The caches that the first core uses.
  public var caches: Caches

  /// An instruction set that kernels or the BLAS library make use of.
  public enum InstructionSet: String, CaseIterable, Sendable {
    /// 256-bit vectors (x86-64).
    case avx2
    /// Fused multiply-add (x86-64).
    case fma
    /// 512-bit vectors (x86-64).
    case avx512f
    /// Dot products of bfloat16 (x86-64).
    case avx512BFloat16 = "avx512_bf16"
    /// Dot products of 8-bit integers (x86-64).
    case avx512IntegerDotProducts = "avx512_vnni"
    /// Matrix tiles (x86-64).
    case amx
    /// 128-bit vectors (arm64).
    case neon
    /// Vectors of the processor's own length (arm64).
    case sve

    /// The name of its flag in `/proc/cpuinfo`.
    fileprivate var flag: Substring {
      switch self {
      case .amx: "amx_tile"
      case .neon: "asimd"
      default: Substring(rawValue)
      }
    }
  }

  /// Sizes of caches in bytes; `nil` where the system does not tell.
  public struct Caches: Sendable, Equatable {
    /// The first level's, for data.
    public var level1Data: Int?
    /// The second level's.
    public var level2: Int?
    /// The third level's, often shared by several cores.
    public var level3: Int?

    /// Creates a set of sizes.
    public init(level1Data: Int? = nil, level2: Int? = nil, level3: Int? = nil) {
      self.level1Data = level1Data
      self.level2 = level2
      self.level3 = level3
    }
  }

  /// The processor of this machine.
  public static func detected() -> Processor {
    Processor(in: SystemText())
  }

  /// The processor that `files` tell about.
  package init(in files: SystemText) {
    let sections = Self.sections(of: files.text(of: "/proc/cpuinfo") ?? "")
    let first = sections.first ?? [:]
    let flags = Set((first["flags"] ?? first["Features"] ?? "").split(separator: " "))
    instructionSets = InstructionSet.allCases.filter { flags.contains($0.flag) }
    (vendor, model) = Self.name(first)
    let online = ProcessorList.online(in: files)
    logicalCount = max(online?.count ?? sections.count, 1)
    coreCount = Self.coreCount(online ?? [], in: files) ?? Self.coreCount(sections)
    caches = Self.caches(in: files)
  }

  // MARK: /proc/cpuinfo

  /// The keys and values of each processor's section.
  private static func sections(of text: String) -> [[String: String]] {
    var sections: [[String: String]] = []
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let key = trimmed(line[..<colon])
      if key == "processor" { sections.append([:]) }
      if sections.isEmpty { continue }
      sections[sections.count - 1][key] = trimmed(line[line.index(after: colon)...])
    }
    return sections
  }

  private static func name(_ section: [String: String]) -> (vendor: String?, model: String?) {
    if let code = section["CPU implementer"] {
      let part = section["CPU part"].map { armModels[code + " " + $0] ?? "part \($0)" }
      return (armVendors[code] ?? "implementer \(code)", section["model name"] ?? part)
    }
    let vendor = section["vendor_id"].map { x86Vendors[$0] ?? $0 }
    return (vendor, section["model name"])
  }

  private static let x86Vendors = [
    "GenuineIntel": "Intel", "AuthenticAMD": "AMD", "HygonGenuine": "Hygon",
  ]

  /// Registered values of `MIDR_EL1.Implementer`.
  private static let armVendors = [
    "0x41": "Arm", "0x46": "Fujitsu", "0x48": "HiSilicon", "0x4e": "NVIDIA", "0x50": "Ampere",
    "0x51": "Qualcomm", "0x61": "Apple", "0xc0": "Ampere",
  ]

  /// Models of servers, by implementer and `MIDR_EL1.PartNum`.
  private static let armModels = [
    "0x41 0xd08": "Cortex-A72", "0x41 0xd0c": "Neoverse-N1", "0x41 0xd40": "Neoverse-V1",
    "0x41 0xd49": "Neoverse-N2", "0x41 0xd4f": "Neoverse-V2", "0x46 0x001": "A64FX",
    "0x48 0xd01": "Kunpeng-920", "0xc0 0xac3": "Ampere-1",
  ]

  private static func coreCount(_ sections: [[String: String]]) -> Int? {
    let cores = sections.compactMap { section -> String? in
      guard let package = section["physical id"], let core = section["core id"] else { return nil }
      return package + "/" + core
    }
    return cores.isEmpty ? nil : Set(cores).count
  }

  // MARK: /sys

  private static let processorFolder = "/sys/devices/system/cpu/cpu"

  /// On how many cores some processors lie, or `nil` if the system does not tell for all of them.
  static func coreCount(_ processors: Set<Int>, in files: SystemText) -> Int? {
    // Hardware threads of a core tell the same list; older kernels call it otherwise.
    let siblings = processors.compactMap { index in
      files.line("\(processorFolder)\(index)/topology/core_cpus_list")
        ?? files.line("\(processorFolder)\(index)/topology/thread_siblings_list")
    }
    return siblings.isEmpty || siblings.count < processors.count ? nil : Set(siblings).count
  }

  private static func caches(in files: SystemText) -> Caches {
    var caches = Caches()
    for index in 0..<16 {
      let folder = "\(processorFolder)0/cache/index\(index)"
      guard let level = files.line(folder + "/level"), let type = files.line(folder + "/type"),
        let size = files.line(folder + "/size").flatMap(bytes)
      else { continue }
      switch (level, type) {
      case ("1", "Data"), ("1", "Unified"): caches.level1Data = size
      case ("2", "Data"), ("2", "Unified"): caches.level2 = size
      case ("3", "Data"), ("3", "Unified"): caches.level3 = size
      default: break
      }
    }
    return caches
  }

  /// The bytes of a size such as "48K".
  private static func bytes(_ text: String) -> Int? {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = text.last.flatMap { units[$0] }
    guard let count = Int(unit == nil ? text : String(text.dropLast())), count > 0 else {
      return nil
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit ?? 1)
    return overflow ? nil : bytes
  }
}
