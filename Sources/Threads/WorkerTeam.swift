/// The threads that run parallel tasks.
package final class WorkerTeam: Sendable {
  /// How many threads run a task, the caller included.
  package let threadCount: Int

  /// Creates a team of `threadCount` threads, the caller included.
  package init(threadCount: Int) {
    precondition(threadCount >= 1)
    self.threadCount = threadCount
  }

  /// Runs every chunk of `task` and returns when all are done.
  package func run<Task: ParallelTask>(_ task: Task) {
    for chunk in 0..<task.chunkCount { task.run(chunk: chunk, worker: 0) }
  }
}
