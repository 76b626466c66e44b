import Datasets

/// How the pixels of an image file become those that a network is fed.
///
/// Two choices; everything else is one rule: alpha is left out, numbers of 16 bits become 8 bits,
/// inks become red, green and blue (see ``Image``).
public struct ImageReading: Hashable, Sendable {
  /// Which way up.
  public enum Orientation: String, CaseIterable, Hashable, Sendable {
    /// As the file's EXIF data say; as stored where they say nothing.
    case upright
    /// As the pixels lie in the file, whatever its EXIF data say.
    case asStored = "as-stored"
  }

  /// How an image gets another size.
  ///
  /// Both by the same filter, see ``Image/resized(width:height:_:)``.
  public enum Resizing: String, CaseIterable, Hashable, Sendable {
    /// All of the image, each side by its own scale: shapes may be distorted.
    case squash
    /// The largest rectangle in the middle of the image that has the new proportions: what lies
    /// outside of it is lost.
    case crop
  }

  /// Which way up; ``Orientation/upright`` by default.
  public var orientation: Orientation
  /// How an image gets another size; ``Resizing/squash`` by default.
  public var resizing: Resizing

  /// Creates a way of reading.
  public init(orientation: Orientation = .upright, resizing: Resizing = .squash) {
    self.orientation = orientation
    self.resizing = resizing
  }
}

extension ImageReading: CustomStringConvertible {
  /// Reads a way of reading from words parted by commas, in any order: `upright` or `as-stored`,
  /// `squash` or `crop`; what is not named is the default.
  ///
  /// - Throws: `DatasetError` where the words are others.
  public init(_ words: String) throws {
    var orientation: Orientation?
    var resizing: Resizing?
    for word in words.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      if let choice = Orientation(rawValue: word) {
        guard orientation == nil else { throw Self.error("one orientation", "another, '\(word)'") }
        orientation = choice
      } else if let choice = Resizing(rawValue: word) {
        guard resizing == nil else { throw Self.error("one resizing", "another, '\(word)'") }
        resizing = choice
      } else {
        let known = Orientation.allCases.map(\.rawValue) + Resizing.allCases.map(\.rawValue)
        throw Self.error("words out of \(known.joined(separator: ", "))", "'\(word)'")
      }
    }
    self.init(orientation: orientation ?? .upright, resizing: resizing ?? .squash)
  }

  /// The words that it can be read from: `upright,squash`.
  public var description: String {
    "\(orientation.rawValue),\(resizing.rawValue)"
  }

  private static func error(_ expected: String, _ found: String) -> DatasetError {
    DatasetError(
      .mismatched, at: "image reading", expected: expected, found: found,
      advice: "write upright,crop, for instance")
  }
}
