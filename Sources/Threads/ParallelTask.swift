/// Work cut into independent chunks that a ``WorkerTeam`` runs in parallel.
///
/// A task is a value of pointers and sizes. It cuts itself by the problem's shape, never by the
/// number of threads, and every chunk writes its own place: so the result has the same bits on any
/// number of threads.
///
/// A protocol rather than a closure: a closure that leaves its stack frame is allocated, and a
/// training step may not allocate.
package protocol ParallelTask {
  /// How many chunks there are. Zero is allowed and runs nothing.
  var chunkCount: Int { get }

  /// Runs one chunk.
  ///
  /// - Parameters:
  ///   - chunk: Which chunk, in `0..<chunkCount`.
  ///   - worker: Which member of the team runs it, in `0..<threadCount`: no two chunks that run at
  ///     the same time get the same one, so it selects scratch memory. The result may not depend
  ///     on it.
  func run(chunk: Int, worker: Int)
}
