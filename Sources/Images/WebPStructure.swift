import Datasets

/// The chunks of a WebP file, without a pixel decoded.
struct WebPStructure {
  /// The header, upright.
  private(set) var header: ImageHeader

  /// Looks through a file to its end.
  ///
  /// - Throws: `DatasetError` if the file is shorter than it says, has no image, or several.
  init(of bytes: PositionedBytes) throws {
    let head = try bytes.bytes(at: 0, count: 12)
    guard head.count == 12 else {
      throw Self.failure(.truncated, bytes, at: 0, "the 12 bytes of a head", "\(head.count)")
    }
    let end = Self.size(of: head)
    guard end <= bytes.count else {
      throw Self.failure(
        .truncated, bytes, at: 4, "the \(end - 8) bytes that the head announces",
        "\(bytes.count - 8) bytes up to the end of the file")
    }
    var header: ImageHeader?
    var orientation: ExifOrientation?
    var start = 12
    while start + 8 <= end {
      let chunk = try bytes.bytes(at: start, count: 8)
      guard chunk.count == 8 else { break }
      let kind = String(decoding: chunk[..<4], as: UTF8.self)
      let length = Int(chunk.integer(at: 4, as: UInt32.self, isBigEndian: false))
      guard length <= end - start - 8 else {
        throw Self.failure(
          .truncated, bytes, at: start, "a chunk of \(length) bytes",
          "\(end - start - 8) bytes up to the end")
      }
      switch kind {
      case "ANIM", "ANMF":
        throw DatasetError(
          .unsupported, at: bytes.name, expected: "a still image", found: "an animated WebP file",
          advice: "save one of its images as a file of its own, or remove it")
      case "VP8 ", "VP8L":
        if header == nil {
          header = try Self.image(in: bytes, at: start + 8, isLossless: kind == "VP8L")
        }
      case "EXIF" where orientation == nil && length <= 1 << 16:
        orientation = ExifOrientation(exif: try bytes.bytes(at: start + 8, count: length))
      default: break
      }
      // Chunks of an odd length are followed by a byte.
      start += 8 + length + length % 2
    }
    guard let header else {
      throw Self.failure(.malformed, bytes, at: 12, "a chunk VP8 or VP8L", "none")
    }
    self.header = header.turned(by: orientation ?? .upright)
  }

  /// How long the file is by the 12 bytes of its head.
  static func size(of head: UnsafeRawBufferPointer) -> Int {
    8 + Int(head.integer(at: 4, as: UInt32.self, isBigEndian: false))
  }

  /// Reads the first bytes of the packed pixels.
  private static func image(
    in bytes: PositionedBytes, at start: Int, isLossless: Bool
  ) throws -> ImageHeader {
    let head = try bytes.bytes(at: start, count: 10)
    let width: Int
    let height: Int
    if isLossless {
      guard head.count >= 5, head[0] == 0x2F else {
        throw failure(.malformed, bytes, at: start, "the byte 0x2F and a size", "other bytes")
      }
      let fields = Int(head.integer(at: 1, as: UInt32.self, isBigEndian: false))
      width = (fields & 0x3FFF) + 1
      height = (fields >> 14 & 0x3FFF) + 1
    } else {
      guard head.count == 10, head[3..<6].elementsEqual([0x9D, 0x01, 0x2A]) else {
        throw failure(
          .malformed, bytes, at: start, "the bytes 0x9D 0x01 0x2A and a size", "other bytes")
      }
      // Two bits more are a scale for showing it, which nobody applies.
      width = Int(head.integer(at: 6, as: UInt16.self, isBigEndian: false)) & 0x3FFF
      height = Int(head.integer(at: 8, as: UInt16.self, isBigEndian: false)) & 0x3FFF
    }
    guard width > 0, height > 0 else {
      throw failure(
        .malformed, bytes, at: start, "a width and a height of 1 or more", "\(width) × \(height)")
    }
    return ImageHeader(
      .webp, width: width, height: height, channels: 3, minimumFileSize: 0, libraryBytesPerPixel: 8)
  }

  private static func failure(
    _ kind: DatasetError.Kind, _ bytes: PositionedBytes, at place: Int, _ expected: String,
    _ found: String
  ) -> DatasetError {
    DatasetError(
      kind, at: "\(bytes.name), byte \(place)", expected: expected, found: found,
      advice: damagedFileAdvice)
  }
}
