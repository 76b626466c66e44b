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
  /// Use in a forked child of a process that had used an engine before; its threads are not in the
  /// child.
  case usedInForkedChild(parent: Int32, child: Int32)

  /// What was expected, what was found, what to do.
  public var description: String {
    switch self {
    case .threadCountOutOfRange(let count):
      "threadCount: expected a number from 1 to \(ThreadBudget.maximumThreadCount), found "
        + "\(count); leave it out to use all processors that this process may use."
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
  /// - Throws: ``EngineError`` if the number of threads is outside `1...1024`, or in a forked child
  ///   of a process that has used an engine.
  public convenience init(options: EngineOptions = EngineOptions()) throws(EngineError) {
    if let count = options.threadCount, !(1...ThreadBudget.maximumThreadCount).contains(count) {
      throw .threadCountOutOfRange(count)
    }
    try OwnProcess.check()
    self.init(
      threadBudget: .detected(requested: options.threadCount), convolution: options.convolution)
  }

  private init(threadBudget: ThreadBudget, convolution: ConvolutionAlgorithm? = nil) {
    self.threadBudget = threadBudget
    self.convolution = convolution
    team = WorkerTeam(threadCount: threadBudget.threadCount)
  }
}
