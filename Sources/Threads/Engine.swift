/// Choices that hold for a whole ``Engine``.
public struct EngineOptions: Sendable {
  /// How many threads to use, in `1...1024`; `nil`, the default, leaves it to ``ThreadBudget``.
  ///
  /// Results do not depend on it.
  public var threadCount: Int?

  /// How convolutions are computed that this can compute; the others, and with `nil`, the default,
  /// all, by a rule on their shapes.
  public var convolution: ConvolutionAlgorithm?

  /// Creates options.
  ///
  /// - Parameters:
  ///   - threadCount: How many threads to use; `nil` leaves it to ``ThreadBudget``.
  ///   - convolution: How to compute convolutions; `nil` leaves it to a rule on shapes.
  public init(threadCount: Int? = nil, convolution: ConvolutionAlgorithm? = nil) {
    self.threadCount = threadCount
    self.convolution = convolution
  }
}

/// Options that an ``Engine`` cannot honour.
public enum EngineError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A number of threads outside `1...1024`.
  case threadCountOutOfRange(Int)
  /// An instruction set in the environment variable `NEEDLETAIL_ISA` that is not known, or that this
  /// processor does not have.
  case instructionSet(String, available: [String])
  /// Use in a forked child of a process that had used an engine before; its threads are not in the
  /// child.
  case usedInForkedChild(parent: Int32, child: Int32)

  /// What was expected, what was found, what to do.
  public var description: String {
    switch self {
    case .threadCountOutOfRange(let count):
      "threadCount: expected a number from 1 to \(ThreadBudget.maximumThreadCount), found "
        + "\(count); leave it out to use all processors that this process may use."
    case .instructionSet(let name, let available):
      "The environment variable NEEDLETAIL_ISA: expected an instruction set that this processor has "
        + "(\(available.joined(separator: ", "))), found \"\(shortened(name))\"; unset it to use the "
        + "best."
    case .usedInForkedChild(let parent, let child):
      "Expected the process \(parent) that used the engine first, found its forked child \(child), "
        + "in which the engine's threads do not run; fork before the first use, or start a program "
        + "of its own (exec, posix_spawn, Foundation's Process)."
    }
  }
}

/// What models run on: the threads of this process that do the mathematics.
///
/// One engine owns one team of threads. Several models may share an engine, and calls from several
/// threads at once are allowed: one of them gets the team, the others run on their own threads
/// meanwhile. Most programs need only ``shared``; another engine is for another number of threads.
/// The threads start with the first work and end with the engine.
///
/// An engine belongs to the process that made it: in a forked child, where its threads are missing,
/// predictions and training throw ``EngineError/usedInForkedChild(parent:child:)``.
public final class Engine: Sendable {
  /// The engine that is used where none is named, with ``ThreadBudget``'s number of threads.
  public static let shared = Engine(threadBudget: .detected())

  /// How many threads the engine uses, and why.
  public let threadBudget: ThreadBudget

  /// How convolutions are computed that this can compute; `nil` leaves it to a rule on shapes.
  public let convolution: ConvolutionAlgorithm?

  /// The threads.
  package let team: WorkerTeam

  /// Creates an engine with threads of its own.
  ///
  /// - Throws: ``EngineError`` if the number of threads is outside `1...1024`, if `NEEDLETAIL_ISA` names
  ///   an instruction set that is not to be had, or in a forked child of a process that has used an
  ///   engine.
  public convenience init(options: EngineOptions = EngineOptions()) throws(EngineError) {
    if let count = options.threadCount, !(1...ThreadBudget.maximumThreadCount).contains(count) {
      throw .threadCountOutOfRange(count)
    }
    try Self.check()
    self.init(
      threadBudget: .detected(requested: options.threadCount), convolution: options.convolution)
  }

  private init(threadBudget: ThreadBudget, convolution: ConvolutionAlgorithm? = nil) {
    self.threadBudget = threadBudget
    self.convolution = convolution
    team = WorkerTeam(threadCount: threadBudget.threadCount)
  }

  /// Throws where the engine cannot be used at all: in a forked child of the process that used it first,
  /// and where `NEEDLETAIL_ISA` names an instruction set that is not to be had.
  ///
  /// Costs a system call, a tenth of a microsecond: for calls of the interface, not for kernels.
  package static func check() throws(EngineError) {
    try OwnProcess.check()
    if let refused = Processor.refusedKernelBuild {
      throw .instructionSet(refused, available: Processor.availableKernelBuilds)
    }
  }

  /// How many threads do the work: those of ``threadBudget``, or fewer where the system refused some.
  ///
  /// Starts them if nothing has.
  public var threadCount: Int { team.runningThreadCount() }

  /// How many threads do the work, and why: the budget's reason, or that the system gave fewer.
  public var threadReason: String {
    let running = threadCount
    guard running < threadBudget.threadCount else { return threadBudget.reason }
    return "\(running) thread\(running == 1 ? "" : "s"): the system starts no more, of "
      + threadBudget.reason
  }

  /// Starts the threads now rather than with the first work.
  ///
  /// - Returns: What the user should know: that the system gave fewer threads than
  ///   ``ThreadBudget/threadCount``, with which the engine does its work. Empty where all is well.
  public func start() -> [String] {
    let wanted = threadBudget.threadCount
    let running = threadCount
    guard running < wanted else { return [] }
    return [
      "\(wanted) threads wanted, but the system lets this process start no more than \(running) "
        + "(ulimit -u, the control group's pids.max, or addresses for their stacks, ulimit -v): it "
        + "computes with \(running)."
    ]
  }
}
