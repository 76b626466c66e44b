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
/// 2. the processors that this process may use: those in its affinity mask (which a cpuset or
///    `taskset` narrows), but not more than the quota of its control groups, rounded down, and not
///    more than the environment variable `OMP_NUM_THREADS`, if set; at least 1.
///
/// `OMP_NUM_THREADS` can only lower the number: batch systems set it to what they granted, but it is
/// also left over from other machines.
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
    /// The processor time of the control groups, in processors; `nil` if unlimited.
    public var quota: Double?
    /// The value of `OMP_NUM_THREADS`; `nil` if not set.
    public var environmentValue: String?

    /// The findings of another machine, to see what a ``ThreadBudget`` would be there.
    public init(
      onlineProcessorCount: Int, affinityProcessorCount: Int, quota: Double? = nil,
      environmentValue: String? = nil
    ) {
      self.onlineProcessorCount = onlineProcessorCount
      self.affinityProcessorCount = affinityProcessorCount
      self.quota = quota
      self.environmentValue = environmentValue
    }
  }

  /// More threads than this are not used.
  public static let maximumThreadCount = 1024

  /// The budget of this process.
  ///
  /// - Parameter requested: The number asked for, in `1...maximumThreadCount`, or `nil` to choose.
  public static func detected(requested: Int? = nil) -> ThreadBudget {
    detected(
      requested: requested, in: SystemText(),
      environmentValue: getenv("OMP_NUM_THREADS").map { String(cString: $0) })
  }

  /// The budget of a process on the machine that `files` tell about.
  package static func detected(requested: Int?, in files: SystemText, environmentValue: String?)
    -> ThreadBudget
  {
    let group = ControlGroup(in: files)
    let counts = counts(in: files)
    let findings = Findings(
      onlineProcessorCount: counts.online, affinityProcessorCount: counts.affinity,
      quota: group.quota?.processors, environmentValue: environmentValue)
    return ThreadBudget(findings, requested: requested, warnings: group.warnings)
  }

  /// The budget that follows from what was found.
  package init(_ findings: Findings, requested: Int? = nil, warnings: [String] = []) {
    self.findings = findings
    var warnings = warnings
    let affinity = max(findings.affinityProcessorCount, 1)
    // Rounded down: a thread that gets part of a processor stops all others at every join.
    let quotaCount = findings.quota.map { Int(min(max($0, 1), Double(Self.maximumThreadCount))) }
    let environment = findings.environmentValue.flatMap { value in
      let count = Self.environmentCount(value)
      if count == nil {
        warnings.append(
          "OMP_NUM_THREADS: expected a whole number from 1, found \"\(shortened(value))\"; it is "
            + "ignored.")
      }
      return count
    }
    let available = min(affinity, quotaCount ?? affinity)

    let processors = Self.plural(affinity, "processor") + " in the affinity mask"
    let quota =
      findings.quota.map { "a cgroup quota of \(Self.decimal($0)) processors" } ?? "no cgroup quota"
    if let requested {
      precondition((1...Self.maximumThreadCount).contains(requested))
      threadCount = requested
      reason = "\(Self.plural(requested, "thread")): asked for; \(processors); \(quota)"
      if requested > available {
        warnings.append(
          "\(Self.plural(requested, "thread")) asked for, but there "
            + (available == 1 ? "is " : "are ") + Self.plural(available, "processor")
            + " to run them (\(processors); \(quota)): more threads than processors are slower.")
      }
    } else if let environment, environment < available {
      threadCount = environment
      reason =
        "\(Self.plural(environment, "thread")): OMP_NUM_THREADS is \(environment); \(processors); "
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

  private static func counts(in files: SystemText) -> (online: Int, affinity: Int) {
    let online = ProcessorList.online(in: files)
    let onlineCount = max(online?.count ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
    guard let affinity = ProcessorList.affinity(in: files) else {
      return (onlineCount, onlineCount)
    }
    let usable = online.map(affinity.intersection) ?? affinity
    return (onlineCount, max(usable.count, 1))
  }

  /// How many processors the calling thread may run on.
  static func affinityProcessorCount() -> Int {
    counts(in: SystemText()).affinity
  }
}
