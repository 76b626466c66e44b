/// Some examples of another data set, in an order of their own.
public struct SubsetDataset: Dataset {
  /// The data set that the examples come from.
  public let base: any Dataset
  /// Which examples of ``base``, in this data set's order; may repeat.
  public let indices: [Int]
  /// The label of every example, nil where the base has none.
  public let labels: [Int32]?
  /// The arrays of the base.
  public let fields: [BatchField]

  /// The number of examples.
  public var count: Int { indices.count }
  /// The class names of the base: labels keep their meaning.
  public var classNames: [String]? { base.classNames }
  /// As the base.
  public var isInMemory: Bool { base.isInMemory }

  /// Creates a data set of the examples at `indices` of `base`.
  ///
  /// - Throws: ``DatasetError`` if an index lies outside of the base.
  public init(_ base: any Dataset, indices: [Int]) throws {
    for (position, index) in indices.enumerated() where index < 0 || index >= base.count {
      throw DatasetError(
        .mismatched, at: "indices, position \(position)",
        expected: "an example from 0 to \(base.count - 1)", found: "\(index)",
        advice: "take indices of the data set that is cut")
    }
    self.base = base
    self.indices = indices
    self.fields = base.fields
    if let all = base.labels {
      self.labels = indices.map { all[$0] }
    } else {
      self.labels = nil
    }
  }

  /// The base's, of the examples that the subset has at `indices`.
  ///
  /// - Throws: what the base throws.
  public func fingerprint(of indices: [Int]) throws -> DataFingerprint? {
    try base.fingerprint(of: indices.map { self.indices[$0] })
  }

  /// Fills from the base.
  ///
  /// - Throws: what the base throws.
  public func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) throws {
    checkPlaces(of: indices, at: slot, in: batch, exampleCount: count)
    // 128 indices are the 1,024 bytes up to which temporary memory is taken from the stack.
    let portion = 128
    try withUnsafeTemporaryAllocation(of: Int.self, capacity: portion) { mapped in
      var start = 0
      while start < indices.count {
        let length = min(portion, indices.count - start)
        for place in 0..<length {
          mapped.initializeElement(at: place, to: self.indices[indices[start + place]])
        }
        try base.fill(
          batch, at: slot + start,
          with: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(mapped)[0..<length]))
        start += length
      }
    }
  }
}
