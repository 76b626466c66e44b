extension Augmentation: CustomStringConvertible {
  /// The pixels of a shift whose words name none: a customary number for images of 32×32.
  private static let standardShift = 4

  /// Reads an augmentation from words parted by commas: `flip`, `vertical-flip` and `shift` or
  /// `shift:PIXELS`, each at most once; `shift` alone is one of 4 pixels.
  ///
  /// - Throws: ``DatasetError`` where the words are others.
  public init(_ words: String) throws {
    self.init()
    var seen: Set<String> = []
    for word in words.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      switch (parts[0], parts.count) {
      case ("flip", 1): horizontalFlip = true
      case ("vertical-flip", 1): verticalFlip = true
      case ("shift", 1): shift = Self.standardShift
      case ("shift", 2):
        guard let pixels = Int(parts[1]), pixels >= 1 else {
          throw Self.error("whole pixels from 1 after shift:", "'\(word)'")
        }
        shift = pixels
      default:
        throw Self.error("flip, vertical-flip or shift[:PIXELS], parted by commas", "'\(word)'")
      }
      guard seen.insert(parts[0]).inserted else {
        throw Self.error("each word once", "another '\(word)'")
      }
    }
  }

  /// The words that it can be read from, as in `flip,shift:4`; `none` where nothing is changed.
  public var description: String {
    let words = [
      horizontalFlip ? "flip" : nil, verticalFlip ? "vertical-flip" : nil,
      shift != 0 ? "shift:\(shift)" : nil,
    ].compactMap(\.self)
    return words.isEmpty ? "none" : words.joined(separator: ",")
  }

  private static func error(_ expected: String, _ found: String) -> DatasetError {
    DatasetError(
      .mismatched, at: "augmentation", expected: expected, found: found,
      advice: "write flip,shift:4, for instance")
  }
}
