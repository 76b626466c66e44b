#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many threads to use, and why.
///
/// The first of these that is there decides:
///
/// 1. the number asked for (``EngineOptions/threadCount``), whatever the machine has;
/// 2. the cores that this process may use: those of the processors in its affinity mask (which a
///    cpuset or `taskset` narrows), but not more than the quota of its control groups, rounded down,
///    and not more than the environment variables `OMP_NUM_THREADS` and `OPENBLAS_NUM_THREADS`, if
///    set; at least 1.
///
/// The hardware threads of a core share the units that multiply, which one thread of a kernel keeps
/// busy: so a core gets one thread, however many processors the system counts in it.
///
/// The environment variables can only lower the number: batch systems set them to what they
/// granted, but they are also left over from other machines.
public struct ThreadBudget: Sendable, Equatable {
  /// The number of threads to use.
  public let threadCount: Int
  /// Why, in a sentence: "2 threads: 2 processors in the affinity mask; no cgroup quota".
  public let reason: String
  /// What is wrong with what was found, one sentence each; empty if all is well.
  public let warnings: [String]
  /// What was found.
  public let findings: Findings

  /// What a ``ThreadBudget`` is chosen from.
  public struct Findings: Sendable, Equatable {
    /// Processors that are switched on.
    public var onlineProcessorCount: Int
    /// Processors that this process may run on.
    public var affinityProcessorCount: Int
    /// How many cores these are; `nil` if the system does not tell.
    public var affinityCoreCount: Int?
    /// The processor time of the control groups, in processors; `nil` if unlimited.
    public var quota: Double?
    /// The value of `OMP_NUM_THREADS`; `nil` if not set.
    public var environmentValue: String?
    /// The value of `OPENBLAS_NUM_THREADS`; `nil` if not set.
    public var blasEnvironmentValue: String?

    /// The findings of another machine, to see what a ``ThreadBudget`` would be there.
    public init(
      onlineProcessorCount: Int, affinityProcessorCount: Int, affinityCoreCount: Int? = nil,
      quota: Double? = nil, environmentValue: String? = nil, blasEnvironmentValue: String? = nil
    ) {
      self.onlineProcessorCount = onlineProcessorCount
      self.affinityProcessorCount = affinityProcessorCount
      self.affinityCoreCount = affinityCoreCount
      self.quota = quota
      self.environmentValue = environmentValue
      self.blasEnvironmentValue = blasEnvironmentValue
    }
  }

  /// More threads than this are not used.
  public static let maximumThreadCount = 1024

  /// The budget of this process.
  ///
  /// - Parameter requested: The number asked for, in `1...maximumThreadCount`, or `nil` to choose.
  public static func detected(requested: Int? = nil) -> ThreadBudget {
    detected(requested: requested, in: SystemText()) { name in
      getenv(name).map { String(cString: $0) }
    }
  }

  /// The budget of a process on the machine that `files` tell about.
  package static func detected(
    requested: Int?, in files: SystemText, environment: (_ name: String) -> String? = { _ in nil }
  ) -> ThreadBudget {
    let group = ControlGroup(in: files)
    let counts = counts(in: files)
    let findings = Findings(
      onlineProcessorCount: counts.online, affinityProcessorCount: counts.affinity,
      affinityCoreCount: counts.cores, quota: group.quota?.processors,
      environmentValue: environment("OMP_NUM_THREADS"),
      blasEnvironmentValue: environment("OPENBLAS_NUM_THREADS"))
    return ThreadBudget(findings, requested: requested, warnings: group.warnings)
  }

  /// The budget that follows from what was found.
  package init(_ findings: Findings, requested: Int? = nil, warnings: [String] = []) {
    self.findings = findings
    var warnings = warnings
    let affinity = max(findings.affinityProcessorCount, 1)
    // Rounded down: a thread that gets part of a processor stops all others at every join.
    let quotaCount = findings.quota.map { Int(min(max($0, 1), Double(Self.maximumThreadCount))) }
    var environment: (name: String, count: Int)?
    for (name, value) in [
      ("OMP_NUM_THREADS", findings.environmentValue),
      ("OPENBLAS_NUM_THREADS", findings.blasEnvironmentValue),
    ] {
      guard let value else { continue }
      if let count = Self.environmentCount(value) {
        if count < environment?.count ?? .max { environment = (name, count) }
      } else {
        warnings.append(
          "\(name): expected a whole number from 1, found \"\(shortened(value))\"; it is ignored.")
      }
    }
    let cores = min(max(findings.affinityCoreCount ?? affinity, 1), affinity)
    let available = min(cores, quotaCount ?? cores)

    let processors =
      Self.plural(affinity, "processor")
      + (cores < affinity ? " on \(Self.plural(cores, "core"))" : "")
      + " in the affinity mask"
    let quota =
      findings.quota.map { "a cgroup quota of \(Self.decimal($0)) processors" } ?? "no cgroup quota"
    if let requested {
      precondition((1...Self.maximumThreadCount).contains(requested))
      threadCount = requested
      reason = "\(Self.plural(requested, "thread")): asked for; \(processors); \(quota)"
      // Hardware threads may be asked for.
      let most = min(affinity, quotaCount ?? affinity)
      if requested > most {
        warnings.append(
          "\(Self.plural(requested, "thread")) asked for, but there "
            + (most == 1 ? "is " : "are ") + Self.plural(most, "processor")
            + " to run them (\(processors); \(quota)): more threads than processors are slower.")
      }
    } else if let environment, environment.count < available {
      threadCount = environment.count
      reason =
        "\(Self.plural(threadCount, "thread")): \(environment.name) is \(threadCount); \(processors); "
        + quota
    } else if available > Self.maximumThreadCount {
      threadCount = Self.maximumThreadCount
      reason = "\(Self.plural(threadCount, "thread")): the most that are used; \(processors)"
    } else {
      threadCount = available
      let isRounded = quotaCount == available && Double(available) != findings.quota
      let note = isRounded ? ", rounded to \(available)" : ""
      reason = "\(Self.plural(available, "thread")): \(processors); \(quota)\(note)"
    }
    self.warnings = warnings
  }

  /// The number in `OMP_NUM_THREADS`: of a list, which is for nested regions, the first one.
  private static func environmentCount(_ value: String) -> Int? {
    let counts = value.split(separator: ",", omittingEmptySubsequences: false)
      .map { Int(trimmed($0)) ?? 0 }
    return counts.allSatisfy { $0 >= 1 } ? counts.first : nil
  }

  private static func plural(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }

  /// A number with at most two decimals.
  private static func decimal(_ value: Double) -> String {
    let text = "\((min(value, 1e6) * 100).rounded() / 100)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  // MARK: Asking the system

  private static func counts(
    in files: SystemText
  ) -> (online: Int, affinity: Int, cores: Int?) {
    let online = ProcessorList.online(in: files)
    let onlineCount = max(online?.count ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
    guard let affinity = ProcessorList.affinity(in: files) else {
      return (onlineCount, onlineCount, online.flatMap { Processor.coreCount($0, in: files) })
    }
    let usable = online.map(affinity.intersection) ?? affinity
    return (onlineCount, max(usable.count, 1), Processor.coreCount(usable, in: files))
  }

  /// How many processors the calling thread may run on.
  static func affinityProcessorCount() -> Int {
    counts(in: SystemText()).affinity
  }
}
