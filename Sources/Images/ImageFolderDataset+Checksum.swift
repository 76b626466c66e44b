public import Datasets

extension ImageFolderDataset {
  /// Of the files of the images at `indices`: paths below the folder that all lie in, sizes, and the content
  /// of up to 20,000 of them; of files above 256 KB three parts.
  ///
  /// Reads them, several at once.
  ///
  /// - Throws: `DatasetError` naming the first file that cannot be read.
  public func fingerprint(of indices: [Int]) throws -> DataFingerprint? {
    try FileFingerprint.read(indices.map(url(at:)))
  }
}
