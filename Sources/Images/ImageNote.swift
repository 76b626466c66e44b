/// What is odd about an image file that is read all the same.
///
/// Each is found while the pixels are decoded, and for people to look at.
public enum ImageNote: String, CaseIterable, Hashable, Sendable {
  /// Bytes that belong to no part of the file: between those of a JPEG file, or behind the end of any.
  ///
  /// The image is complete. Some cameras and programs leave them; so may damage.
  case strayBytes = "stray-bytes"
  /// Channels of 16 bits without a value from 4,096 on: probably of 12 bits or fewer.
  ///
  /// Pixels are then 15 of 255 or darker.
  case fewBits = "few-bits"
}

extension ImageNote: CustomStringConvertible {
  /// The note as a phrase about a file.
  public var description: String {
    switch self {
    case .strayBytes:
      "stray bytes between the parts of the file or behind its end, which are passed over"
    case .fewBits: "16 bits a channel but no value above 4,095, so that the image is nearly black"
    }
  }
}
