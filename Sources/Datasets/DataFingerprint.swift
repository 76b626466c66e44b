import Tensors

/// What tells the content of examples from that of others: kept by checkpoints, so that a training is
/// not resumed with other data by mistake.
public struct DataFingerprint: Sendable, Hashable {
  /// A checksum: equal for equal content, wherever it lies.
  public let content: String
  /// A checksum of the times at which files were last changed, where ``content`` covers only samples of
  /// them; nil where it covers everything.
  ///
  /// Other times with the same ``content`` are no proof of a change: a copy has times of its own.
  public let times: String?

  /// Creates a fingerprint from its checksums.
  public init(content: String, times: String? = nil) {
    self.content = content
    self.times = times
  }
}

extension Dataset {
  /// Of examples in memory, a checksum of all that ``fill(_:at:with:)`` writes; of others nil.
  public func fingerprint(of indices: [Int]) throws -> DataFingerprint? {
    guard isInMemory, !indices.isEmpty else { return nil }
    let batch = try Batch(fields: fields, capacity: min(indices.count, 256))
    var checksum = ContentChecksum()
    var start = 0
    while start < indices.count {
      let end = min(start + batch.capacity, indices.count)
      try indices[start..<end].withUnsafeBufferPointer { try fill(batch, with: $0) }
      for (index, field) in fields.enumerated() {
        let bytes = (end - start) * field.exampleShape.count * field.elementType.byteCount
        switch field.elementType {
        case .float32:
          checksum.add(UnsafeRawBufferPointer(start: batch.floats(index), count: bytes))
        case .int32:
          checksum.add(UnsafeRawBufferPointer(start: batch.integers(index), count: bytes))
        }
      }
      start = end
    }
    return DataFingerprint(content: checksum.text)
  }
}

extension ContentChecksum {
  /// Takes in rows of an array, `size` elements each.
  mutating func add<Element: BitwiseCopyable>(
    rows indices: [Int], of size: Int, from elements: UnsafeBufferPointer<Element>
  ) {
    for index in indices {
      let row = elements[index * size..<(index + 1) * size]
      add(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: row)))
    }
  }
}
