import Dispatch
import Tensors
import Threads

/// What a fill needs, apart from the stream, so that a stream can be dropped while one is under
/// way.
///
/// Unchecked: between the start of a prefetch and `done` only the prefetcher touches it, at other times
/// only the stream's thread.
final class BatchFiller: @unchecked Sendable {
  let dataset: any Dataset
  let size: Int
  let order: AlignedBuffer<Int>
  /// What is done to the images of this epoch, nil for nothing.
  var changes: EpochChanges?
  /// Signalled once for every prefetch that was started.
  ///
  /// Starts at 0 because Dispatch traps where a
  /// semaphore dies below its first value.
  let done = DispatchSemaphore(value: 0)
  private var target: Batch?
  private var step = 0
  /// Why the last prefetch failed, nil if it did not.
  private(set) var error: (any Error)?
  /// Why a chunk could not be filled by the team, nil if none failed.
  let chunkError = Lock<(any Error)?>(nil)

  /// - Throws: `MemoryError` if there is no memory for the order of the examples.
  init(dataset: any Dataset, size: Int) throws(MemoryError) {
    self.dataset = dataset
    self.size = size
    self.order = try AlignedBuffer(
      count: dataset.count, for: "the order of \(dataset.count) examples")
  }

  func fill(_ batch: Batch, step: Int, team: WorkerTeam?) throws {
    let first = step * size
    let indices = UnsafeBufferPointer(
      start: order.pointer + first, count: min(size, order.count - first))
    batch.count = 0
    guard let team, dataset.isInMemory, indices.count >= 2 * FillTask.chunkSize else {
      // A data set that computes does so on this thread, or on the one that prefetches, as on the
      // team's.
      try FloatMode.flushingDenormals { try fill(batch, at: 0, with: indices) }
      batch.count = indices.count
      return
    }
    chunkError.withLock { $0 = nil }
    team.run(FillTask(filler: self, batch: batch, indices: indices))
    if let error = chunkError.withLock({ $0 }) { throw error }
    batch.count = indices.count
  }

  /// Writes examples to their places, and changes their images while they are in the cache.
  fileprivate func fill(
    _ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>
  ) throws {
    try dataset.fill(batch, at: slot, with: indices)
    changes?.apply(to: batch, at: slot, of: indices)
  }

  func prepare(_ batch: Batch, step: Int) {
    self.target = batch
    self.step = step
    self.error = nil
  }

  func fillAndSignal() {
    if let target {
      do { try fill(target, step: step, team: nil) } catch { self.error = error }
    }
    target = nil
    done.signal()
  }
}

/// Fills a batch in chunks of examples.
private struct FillTask: ParallelTask {
  /// Small enough to share a batch of 128 among many threads, large enough to be worth the hand-over.
  static let chunkSize = 16

  let filler: BatchFiller
  let batch: Batch
  let indices: UnsafeBufferPointer<Int>

  var chunkCount: Int { (indices.count + FillTask.chunkSize - 1) / FillTask.chunkSize }

  func run(chunk: Int, worker: Int) {
    let start = chunk * FillTask.chunkSize
    let part = UnsafeBufferPointer(
      rebasing: indices[start..<min(start + FillTask.chunkSize, indices.count)])
    do {
      try filler.fill(batch, at: start, with: part)
    } catch {
      filler.chunkError.withLock { $0 = error }
    }
  }
}
