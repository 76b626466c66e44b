import CKernels

/// The threads that run parallel tasks.
///
/// A team lives as long as its owner wants parallel work done, and its workers stay with it: a
/// region starts by opening a door (``RegionGate``) at which awake workers stand, not by starting
/// threads. Chunks are handed out by one atomic counter; the caller works too. Between regions the
/// workers wait with bounded ``Patience`` and then sleep.
///
/// Workers are threads of their own (``SystemThread``) and start at the first region that needs them.
/// Those that the system refuses never come, and the others do their work: see
/// ``runningThreadCount()``.
package final class WorkerTeam: Sendable {
  /// How many threads run a task, the caller included.
  package let threadCount: Int

  /// A team of the calling thread alone: for what runs inside a chunk of another team's task.
  package static let serial = WorkerTeam(threadCount: 1)

  /// Starts the threads if they have not been, and says how many run a task, the caller included: fewer
  /// than ``threadCount`` where the system refused some.
  package func runningThreadCount() -> Int { state.runningThreadCount() }

  // The workers hold the state, not the team: so that the team can end, and end them.
  private let state: TeamState

  /// What lives on until the last worker has gone home.
  package var workersLifetime: AnyObject { state }

  /// Creates a team of `threadCount` threads, the caller included, and starts none of them yet.
  package init(threadCount: Int) {
    precondition((1...ThreadBudget.maximumThreadCount).contains(threadCount))
    self.threadCount = threadCount
    state = TeamState(threadCount: threadCount)
  }

  deinit {
    state.end()
  }

  /// Runs every chunk of `task` and returns when all are done.
  ///
  /// A team runs one task at a time. Who comes while another is running (another thread, or a chunk
  /// that runs a task itself) runs all chunks alone, in order, on its own thread, as worker 0: so
  /// scratch memory belongs to the run, not to the team. Denormal numbers are flushed to zero while
  /// chunks run, on all threads. Allocates nothing after the workers have started.
  package func run<Task: ParallelTask>(_ task: Task) {
    let chunkCount = task.chunkCount
    let mode = nk_flush_denormals()
    defer { nk_restore_float_mode(mode) }
    guard chunkCount > 1, threadCount > 1, state.reserve() else {
      for chunk in 0..<max(chunkCount, 0) { task.run(chunk: chunk, worker: 0) }
      return
    }
    withUnsafePointer(to: task) { pointer in
      state.open(TeamState.Region(task: pointer, type: Task.self, chunkCount: chunkCount))
      while let chunk = state.nextChunk(of: chunkCount, for: 0) {
        task.run(chunk: chunk, worker: 0)
      }
      state.close()
    }
    state.release()
  }
}

extension WorkerTeam {
  /// Calls `body` for the parts of `0..<count`, `chunkSize` numbers each and the last one fewer, as
  /// ``run(_:)`` runs chunks: for work around the mathematics, since it allocates.
  package func run(count: Int, chunkSize: Int, _ body: @Sendable (Range<Int>) -> Void) {
    withoutActuallyEscaping(body) { run(Parts(count: count, chunkSize: chunkSize, body: $0)) }
  }

  private struct Parts: ParallelTask {
    let count: Int
    let chunkSize: Int
    let body: @Sendable (Range<Int>) -> Void

    var chunkCount: Int { (count + chunkSize - 1) / chunkSize }

    func run(chunk: Int, worker: Int) {
      body(chunk * chunkSize..<min(count, (chunk + 1) * chunkSize))
    }
  }
}
