import Dispatch
import Tensors
package import Threads

/// The examples of a data set, batch after batch, from buffers that are used again.
///
///     let batches = try Batches(data, size: 128, order: .shuffled(seed: 1, epoch: 0))
///     while let batch = try batches.next() { … }
///
/// The order is known before the first batch: step `s` holds the examples at places
/// `s · size ..< (s + 1) · size` of it. So an epoch can begin in its middle (``start(_:at:)``), and
/// the n-th batch is the same on any machine. One object serves a whole training: ``start(_:at:)``
/// begins the next epoch in the same memory.
///
/// With prefetching, the next batch is filled on another thread while the current one is used. An
/// error in filling surfaces at the ``next()`` that would have returned the batch. A stream may be
/// dropped at any time.
///
/// For one thread at a time.
public final class Batches {
  /// What becomes of a last batch with fewer than `size` examples.
  public enum Remainder: Hashable, Sendable {
    /// It is given with a smaller count.
    case keep
    /// It is left out: those examples are not seen in this epoch.
    case drop
  }

  /// The number of batches in an epoch.
  public let stepCount: Int
  /// The number of examples in a batch, except perhaps the last.
  public let size: Int
  /// Whether the next batch is filled on another thread while the current one is used.
  public let prefetches: Bool
  /// The step whose batch ``next()`` returns next, from 0.
  public private(set) var step = 0

  /// The threads that fill together, nil for the caller's alone.
  ///
  /// Used where filling only copies memory and nothing is prefetched. They must not be busy with the
  /// caller itself.
  package var team: WorkerTeam?

  private let filler: BatchFiller
  private let queue: DispatchQueue
  private let item: DispatchWorkItem
  private var isFilling = false
  private var current: Batch
  private var spare: Batch?

  /// Creates a stream at the start of an epoch.
  ///
  /// Nothing is filled before the first ``next()``.
  ///
  /// - Parameters:
  ///   - dataset: Where the examples come from.
  ///   - size: The number of examples in a batch. The buffers have room for `size` examples, or for
  ///     the whole data set if that is smaller.
  ///   - order: The order of the examples.
  ///   - remainder: What becomes of a smaller last batch.
  ///   - prefetch: Whether to fill the next batch on another thread; by default, unless the data
  ///     are in memory. Takes a second buffer.
  /// - Throws: ``DatasetError`` if `size` is less than 1, if the data set is empty, or if no batch
  ///   would be left after dropping the remainder; `MemoryError` if there is no memory for the
  ///   batches; `EngineError` in a forked child.
  public init(
    _ dataset: any Dataset, size: Int, order: ExampleOrder = .sequential,
    remainder: Remainder = .keep, prefetch: Bool? = nil
  ) throws {
    guard size >= 1 else {
      throw DatasetError(
        .mismatched, at: "batch size", expected: "1 or more", found: "\(size)",
        advice: "choose a size such as 32 or 128")
    }
    let count = dataset.count
    let whole = count / size
    let steps = remainder == .drop ? whole : whole + (count % size == 0 ? 0 : 1)
    guard steps > 0 else {
      throw DatasetError(
        .mismatched, at: "data set",
        expected: count == 0 ? "examples" : "at least \(size) examples",
        found: "\(count)",
        advice: count == 0
          ? "check where the data come from" : "keep the remainder, or choose a smaller batch size")
    }
    self.size = size
    self.stepCount = steps
    let prefetches = prefetch ?? !dataset.isInMemory
    self.prefetches = prefetches
    let capacity = min(size, count)
    try OwnProcess.check()
    self.current = try Batch(fields: dataset.fields, capacity: capacity)
    self.spare = prefetches ? try Batch(fields: dataset.fields, capacity: capacity) : nil
    let filler = BatchFiller(dataset: dataset, size: size)
    self.filler = filler
    self.queue = DispatchQueue(label: "needletail.batches")
    self.item = DispatchWorkItem { filler.fillAndSignal() }
    start(order)
  }

  /// Begins an epoch, at any of its steps.
  ///
  /// - Parameters:
  ///   - order: The order of the examples.
  ///   - step: The step whose batch comes next; `stepCount` for an epoch that is over.
  /// - Precondition: `step` lies in `0...stepCount`.
  public func start(_ order: ExampleOrder, at step: Int = 0) {
    start(at: step)
    order.write(to: filler.order.elements)
  }

  /// Goes to a step of the same epoch.
  ///
  /// - Precondition: `step` lies in `0...stepCount`.
  public func start(at step: Int) {
    precondition(step >= 0 && step <= stepCount, "An epoch of \(stepCount) has no step \(step).")
    if isFilling {
      filler.done.wait()
      isFilling = false
    }
    self.step = step
  }

  /// The batch of the current step, nil after the last.
  ///
  /// Valid until the next call of this or of a
  /// `start` method.
  ///
  /// - Throws: ``DatasetError`` if an example cannot be read. The step stays: a further call tries
  ///   again.
  public func next() throws -> Batch? {
    guard step < stepCount else { return nil }
    if isFilling {
      filler.done.wait()
      isFilling = false
      if let spare {
        self.spare = current
        current = spare
      }
      if let error = filler.error { throw error }
    } else {
      try filler.fill(current, step: step, team: team)
    }
    step += 1
    if prefetches, step < stepCount, let spare {
      filler.prepare(spare, step: step)
      isFilling = true
      queue.async(execute: item)
    }
    return current
  }
}

/// What a fill needs, apart from the stream, so that a stream can be dropped while one is under
/// way.
///
/// Unchecked: between the start of a prefetch and `done` only the queue touches it, at other times
/// only the stream's thread.
private final class BatchFiller: @unchecked Sendable {
  let dataset: any Dataset
  let size: Int
  let order: AlignedBuffer<Int>
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

  init(dataset: any Dataset, size: Int) {
    self.dataset = dataset
    self.size = size
    self.order = AlignedBuffer(count: dataset.count)
  }

  func fill(_ batch: Batch, step: Int, team: WorkerTeam?) throws {
    let first = step * size
    let indices = UnsafeBufferPointer(
      start: order.pointer + first, count: min(size, order.count - first))
    guard let team, dataset.isInMemory, indices.count >= 2 * FillTask.chunkSize else {
      // A data set that computes does so on this thread, or on Dispatch's that prefetches, as on
      // the team's.
      try FloatMode.flushingDenormals { try dataset.fill(batch, with: indices) }
      return
    }
    batch.count = 0
    chunkError.withLock { $0 = nil }
    team.run(FillTask(filler: self, batch: batch, indices: indices))
    if let error = chunkError.withLock({ $0 }) { throw error }
    batch.count = indices.count
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
      try filler.dataset.fill(batch, at: start, with: part)
    } catch {
      filler.chunkError.withLock { $0 = error }
    }
  }
}
