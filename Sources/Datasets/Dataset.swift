/// A fixed number of examples that can be written, in any order, into batches.
///
/// A type that conforms says what an example is made of and writes the asked ones to their places;
/// order, remainder and prefetching are the business of ``Batches``.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }

  /// The arrays that make up an example: the inputs first (`"input"`), then `"target"`.
  var fields: [BatchField] { get }

  /// The names of the classes by label; nil where targets are no labels, or nothing names them.
  var classNames: [String]? { get }

  /// The label of every example, nil where targets are no labels. Cheap: nothing is decoded for it.
  ///
  /// Splits keep the proportions of these. The default is nil.
  var labels: [Int32]? { get }

  /// Whether filling only copies what is in memory already. ``Batches`` then fills where it is
  /// called, because handing the work to another thread would cost more than the work.
  ///
  /// The default is false.
  var isInMemory: Bool { get }

  /// What tells the content of the examples at `indices`, in that order, from that of others.
  ///
  /// A checkpoint keeps it, and a training is resumed only with the same. Must be cheap against an epoch:
  /// all bytes of what is in memory, sizes and samples of large files. Where the data lie must not matter.
  /// The default covers everything in memory, and is nil otherwise: nothing is then compared.
  ///
  /// - Precondition: the examples exist.
  /// - Throws: ``DatasetError`` if a file cannot be read.
  func fingerprint(of indices: [Int]) throws -> DataFingerprint?

  /// Writes the examples at `indices` to the places `slot..<slot + indices.count` of every array of
  /// `batch`, and touches nothing else of it: `batch.count` is the caller's to set.
  ///
  /// May be called by several threads at once, also for one batch as long as the places do not
  /// overlap. In-memory data sets allocate nothing here.
  ///
  /// - Precondition: the batch has this data set's ``fields``, the indices exist, the places too.
  /// - Throws: ``DatasetError`` if an example cannot be read; the places then hold anything.
  func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) throws
}

extension Dataset {
  /// No labels.
  public var labels: [Int32]? { nil }

  /// False: filling may read files and decode.
  public var isInMemory: Bool { false }

  /// Makes `batch` hold the examples at `indices`, in that order, and sets its count.
  ///
  /// - Throws: ``DatasetError`` if an example cannot be read; the batch is then empty.
  public func fill(_ batch: Batch, with indices: UnsafeBufferPointer<Int>) throws {
    batch.count = 0
    try fill(batch, at: 0, with: indices)
    batch.count = indices.count
  }
}
