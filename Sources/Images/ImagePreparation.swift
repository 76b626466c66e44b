import Datasets

/// How image files become what a network was trained on: kept in its file, so that every command that uses
/// the network does as its training did.
public struct ImagePreparation: Hashable, Sendable {
  /// Which way up, and how resized.
  public var reading: ImageReading
  /// The largest value of a pixel: white.
  public var maximumPixel: Float

  /// Creates a preparation; as it stands, that of networks whose file says nothing of it.
  public init(reading: ImageReading = ImageReading(), maximumPixel: Float = 255) {
    self.reading = reading
    self.maximumPixel = maximumPixel
  }
}

extension ImagePreparation: CustomStringConvertible {
  /// Reads what ``description`` wrote.
  ///
  /// - Throws: `DatasetError` for another text, as a later version may write.
  public init(_ text: String) throws {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let maximum = Float(parts[1].dropFirst(4)), parts[1].hasPrefix("0..."),
      maximum.isFinite, maximum > 0
    else {
      throw DatasetError(
        .unsupported, at: "the model's preparation of images",
        expected: "a text like \"upright,squash 0...255\"", found: "\"\(text)\"",
        advice: "if the file was made by a newer version, update Needletail")
    }
    self.init(reading: try ImageReading(parts[0]), maximumPixel: maximum)
  }

  /// A text that it can be read from: `upright,squash 0...255.0`.
  public var description: String { "\(reading) 0...\(maximumPixel)" }

  /// The preparation of a network by what its file says; the standard one where it says nothing.
  ///
  /// - Throws: `DatasetError` for a text that this version does not know.
  public init(ofModel text: String?) throws {
    self = try text.map { try ImagePreparation($0) } ?? ImagePreparation()
  }
}
