import Dispatch
import Synchronization
import Threads

/// A thread that fills batches ahead, one at a time, and ends with the object.
///
/// Dispatch's semaphores only: its queues wait for ever for a thread that the system refuses.
final class BatchPrefetcher: Sendable {
  /// What the thread holds; it outlives the object by the fill under way.
  private let state: State

  private final class State: Sendable {
    let filler: BatchFiller
    /// Signalled for each fill, and for the end.
    let news = DispatchSemaphore(value: 0)
    let isEnded = Atomic<Bool>(false)

    init(_ filler: BatchFiller) {
      self.filler = filler
    }

    func work() {
      while true {
        news.wait()
        if isEnded.load(ordering: .acquiring) { return }
        filler.fillAndSignal()
      }
    }
  }

  /// Starts the thread; nil where the system refuses it.
  init?(_ filler: BatchFiller) {
    let state = State(filler)
    self.state = state
    guard SystemThread.start(name: "needletail-fill", { state.work() }) else { return nil }
  }

  deinit {
    state.isEnded.store(true, ordering: .releasing)
    state.news.signal()
  }

  /// Has the filler do what was prepared; it signals when that is done.
  func fill() { state.news.signal() }
}
