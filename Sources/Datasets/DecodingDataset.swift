/// A data set whose examples are decoded when they are wanted, in memory of its own.
package protocol DecodingDataset: Dataset {
  /// The bytes of files, of decoded pixels, and of what stands between them and a batch, on all threads together,
  /// where so many examples are wanted at once.
  func decodingByteCount(batch: Int) -> Int

  /// Gives the memory back that is not in use; it is taken again when examples are wanted.
  func releaseDecodingMemory()
}

extension Dataset {
  /// This data set, or the one that it is a part of, if its examples are decoded.
  package var decoding: (any DecodingDataset)? {
    switch self {
    case let dataset as SubsetDataset: dataset.base.decoding
    default: self as? any DecodingDataset
    }
  }
}
