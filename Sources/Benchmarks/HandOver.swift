import CKernels
import Synchronization
public import Threads

/// How long a value takes from one thread to another.
///
/// That is what the beginning and the end of a parallel region cost, and the time scale of every line
/// of memory that one thread writes and another reads. Some tens of nanoseconds between processors
/// with a common third-level cache, several times as long between others; a virtual machine may be
/// moved from the one kind of pair to the other while it runs.
public struct HandOver: Sendable, Hashable {
  /// From a thread's store until another thread has answered it, halved; in the fastest window.
  public let nanoseconds: Double

  /// Measures the hand-over between an engine's first two threads to come; nil if it has one thread,
  /// or a second one never came.
  ///
  /// - Parameters:
  ///   - engine: The threads.
  ///   - seconds: How long to measure.
  public init?(measuringOn engine: Engine, seconds: Double = 0.3) {
    guard engine.threadCount > 1 else { return nil }
    let end = ContinuousClock.now + .seconds(seconds)
    var best: Duration?
    repeat {
      let exchange = Exchange()
      engine.team.run(exchange)
      if let duration = exchange.duration { best = min(best ?? duration, duration) }
    } while ContinuousClock.now < end
    guard let best else { return nil }
    nanoseconds = best / .nanoseconds(2 * Exchange.rounds)
  }
}

/// Two threads that answer each other.
///
/// Unchecked: the first to come writes `duration`, and who reads it has waited for its chunk.
private final class Exchange: ParallelTask, @unchecked Sendable {
  /// Some 60 to 300 µs.
  static let rounds = 1000
  /// How long the first thread waits for a second one.
  private static let patience = Duration.milliseconds(10)

  private enum State {
    static let empty = 0, oneWaits = 1, bothAreHere = 2, givenUp = 3
  }

  private let state = Atomic<Int>(State.empty)
  private let turn = Atomic<Int>(0)
  private(set) var duration: Duration?

  let chunkCount = 2

  func run(chunk: Int, worker: Int) {
    if exchange(State.empty, for: State.oneWaits) {
      // One thread may get both chunks, one after the other.
      guard waitForSecond() else { return }
      let start = ContinuousClock.now
      answer(as: 0)
      duration = ContinuousClock.now - start
    } else if exchange(State.oneWaits, for: State.bothAreHere) {
      answer(as: 1)
    }
  }

  private func exchange(_ old: Int, for new: Int) -> Bool {
    state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
  }

  private func waitForSecond() -> Bool {
    let end = ContinuousClock.now + Self.patience
    while state.load(ordering: .acquiring) != State.bothAreHere {
      if ContinuousClock.now > end { return !exchange(State.oneWaits, for: State.givenUp) }
      nk_spin_pause()
    }
    return true
  }

  private func answer(as side: Int) {
    for round in 0..<Self.rounds {
      while turn.load(ordering: .acquiring) != 2 * round + side { nk_spin_pause() }
      turn.store(2 * round + side + 1, ordering: .releasing)
    }
  }
}
