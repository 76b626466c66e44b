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
/// With an ``Augmentation``, its images are changed where they lie as soon as they are there, in each epoch
/// in another way.
///
/// With prefetching, the next batch is filled on another thread while the current one is used. An
/// error in filling surfaces at the ``next()`` that would have returned the batch. A stream may be
/// dropped at any time. Where the system refuses that thread, batches are filled as they are wanted.
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

  /// What is done to the images in any epoch, nil for nothing.
  private let changes: ImageChanges?
  private let filler: BatchFiller
  /// Fills ahead; nil without prefetching.
  private let prefetcher: BatchPrefetcher?
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
  ///   - augmentation: How images are changed; the order must then have a seed and an epoch, here and
  ///     in ``start(_:at:)``.
  ///   - remainder: What becomes of a smaller last batch.
  ///   - prefetch: Whether to fill the next batch on another thread, if the system gives one; by
  ///     default, unless the data are in memory. Takes a second buffer.
  /// - Throws: ``DatasetError`` if `size` is less than 1, if the data set is empty, if no batch
  ///   would be left after dropping the remainder, or if the augmentation suits the examples or the
  ///   order not; `MemoryError` if there is no memory for the batches; `EngineError` in a forked
  ///   child.
  public init(
    _ dataset: any Dataset, size: Int, order: ExampleOrder = .sequential,
    augmentation: Augmentation? = nil, remainder: Remainder = .keep, prefetch: Bool? = nil
  ) throws {
    let steps = try Self.stepCount(of: dataset, size: size, remainder: remainder)
    let count = dataset.count
    self.changes = try augmentation.map { try ImageChanges($0, fields: dataset.fields) }
    guard augmentation == nil || order.randomness != nil else {
      throw DatasetError(
        .mismatched, at: "order",
        expected: "a seed and an epoch, on which the augmentation depends",
        found: "\(order)", advice: "use .shuffled(seed:epoch:) or .unshuffled(seed:epoch:)")
    }
    self.size = size
    self.stepCount = steps
    let capacity = min(size, count)
    try Engine.check()
    self.current = try Batch(fields: dataset.fields, capacity: capacity)
    let filler = try BatchFiller(dataset: dataset, size: size)
    self.filler = filler
    let prefetcher = prefetch ?? !dataset.isInMemory ? BatchPrefetcher(filler) : nil
    self.prefetcher = prefetcher
    self.prefetches = prefetcher != nil
    self.spare =
      prefetcher == nil ? nil : try Batch(fields: dataset.fields, capacity: capacity)
    start(order)
  }

  /// The number of batches in an epoch, as ``init(_:size:order:augmentation:remainder:prefetch:)`` makes
  /// them.
  ///
  /// - Throws: ``DatasetError`` if `size` is less than 1, if the data set is empty, or if no batch
  ///   would be left.
  @discardableResult
  package static func stepCount(
    of dataset: any Dataset, size: Int, remainder: Remainder = .keep
  ) throws -> Int {
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
        expected: count == 0 ? "examples" : "at least \(counted(size, "example"))",
        found: "\(count)",
        advice: count == 0
          ? "check where the data come from" : "keep the remainder, or choose a smaller batch size")
    }
    return steps
  }

  /// The bytes of the batches that a stream of this data set makes, by default, and of filling them.
  package static func byteCount(of dataset: any Dataset, size: Int) -> Int {
    let bytes = dataset.fields.reduce(0.0) { sum, field in
      sum
        + field.exampleShape.dimensions.reduce(Double(min(size, dataset.count))) {
          $0 * Double($1)
        } * Double(field.elementType.byteCount)
    }
    // The order, too.
    let order = Double(dataset.count * MemoryLayout<Int>.stride)
    return Int(min(bytes * (dataset.isInMemory ? 1 : 2) + order, 0x1p58))
      + (dataset.decoding?.decodingByteCount(batch: size) ?? 0)
  }

  /// Begins an epoch, at any of its steps.
  ///
  /// - Parameters:
  ///   - order: The order of the examples.
  ///   - step: The step whose batch comes next; `stepCount` for an epoch that is over.
  /// - Precondition: `step` lies in `0...stepCount`; where images are augmented, the order has a seed
  ///   and an epoch.
  public func start(_ order: ExampleOrder, at step: Int = 0) {
    start(at: step)
    order.write(to: filler.order.elements)
    guard let changes else { return }
    guard let (seed, epoch) = order.randomness else {
      preconditionFailure("The \(order) order says neither seed nor epoch of the augmentation.")
    }
    filler.changes = changes.drawn(
      from: RandomStream(seed: seed, purpose: .augmentation, index: epoch))
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
    // The next to decode may be another data set: that of the validation.
    if step == stepCount { filler.dataset.decoding?.releaseDecodingMemory() }
    if let prefetcher, step < stepCount, let spare {
      filler.prepare(spare, step: step)
      isFilling = true
      prefetcher.fill()
    }
    return current
  }
}
