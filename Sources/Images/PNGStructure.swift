import Datasets

/// The chunks of a PNG file, looked through before libpng sees them.
///
/// libpng unpacks and keeps every text and profile of a file, up to 8 MB each and a thousand of them:
/// gigabytes from a file of megabytes. None of them changes a pixel here, nor do transparency, gamma
/// and colour spaces; so it gets none. And it says nothing of the place of a damage.
struct PNGStructure {
  /// What a file starts with.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  /// The channels of each kind of colour: grey, colour, palette, grey and alpha, colour and alpha.
  private static let storedChannels: [UInt8: Int] = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4]

  /// The header, upright.
  private(set) var header: ImageHeader
  /// The bits of a channel in the file.
  let bits: Int
  /// Where the parts of the file lie that libpng needs, in order.
  private(set) var parts: [Range<Int>] = []
  /// Whether there are bytes behind the last chunk.
  private(set) var hasStrayBytes = false

  /// Looks through a file up to its last chunk.
  ///
  /// - Throws: `DatasetError` if the file ends inside of a chunk or before the last one, or a chunk
  ///   has no name.
  init(of bytes: PositionedBytes) throws {
    (header, bits) = try Self.header(of: bytes)
    var start = Self.signature.count
    append(0..<start)
    while true {
      let head = try bytes.bytes(at: start, count: 12)
      guard head.count == 12 else {
        throw Self.failure(
          .truncated, bytes.name, at: start, expected: "another chunk of 12 bytes or more",
          found: "\(head.count) bytes")
      }
      let length = Int(head.integer(at: 0, as: UInt32.self, isBigEndian: true))
      let kind = head[4..<8]
      guard kind.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) && $0 & 0x80 == 0 }) else {
        throw Self.failure(
          .malformed, bytes.name, at: start + 4, expected: "the four letters of a chunk's name",
          found: kind.map { "0x" + String($0, radix: 16) }.joined(separator: " "))
      }
      let text = String(decoding: kind, as: UTF8.self)
      guard length <= bytes.count - start - 12 else {
        throw Self.failure(
          .truncated, bytes.name, at: start, expected: "a chunk \(text) of \(length) bytes",
          found: "\(bytes.count - start - 12) bytes up to the end of the file")
      }
      let end = start + 12 + length
      // Upper case: nobody may pass over it.
      if kind[4] & 0x20 == 0 {
        append(start..<end)
      } else if text == "eXIf", header.orientation == .upright, length <= Self.mostExif,
        let orientation = ExifOrientation(exif: try bytes.bytes(at: start + 8, count: length))
      {
        header = header.turned(by: orientation)
      }
      if text == "IEND" {
        hasStrayBytes = end < bytes.count
        return
      }
      start = end
    }
  }

  /// The most bytes of an EXIF block that is looked at; JPEG has no larger ones.
  private static let mostExif = 1 << 16

  private mutating func append(_ part: Range<Int>) {
    if let last = parts.last, last.upperBound == part.lowerBound {
      parts[parts.count - 1] = last.lowerBound..<part.upperBound
    } else {
      parts.append(part)
    }
  }

  /// Reads the first chunk.
  private static func header(
    of bytes: PositionedBytes
  ) throws -> (header: ImageHeader, bits: Int) {
    // The signature, the chunk's length and name, width and height, five fields of a byte, a checksum.
    let head = try bytes.bytes(at: 0, count: 33)
    guard head.count == 33 else {
      throw failure(
        .truncated, bytes.name, at: 8, expected: "the 25 bytes of a chunk IHDR",
        found: "\(max(head.count - 8, 0))")
    }
    func long(_ place: Int) -> Int {
      Int(head.integer(at: place, as: UInt32.self, isBigEndian: true))
    }
    guard long(8) == 13, head[12..<16].elementsEqual("IHDR".utf8) else {
      throw failure(
        .malformed, bytes.name, at: 8, expected: "a chunk IHDR of 13 bytes", found: "another chunk")
    }
    let (width, height) = (long(16), long(20))
    guard width > 0, height > 0 else {
      throw failure(
        .malformed, bytes.name, at: 16, expected: "a width and a height of 1 or more",
        found: "\(width) × \(height)")
    }
    let (bits, kind) = (Int(head[24]), head[25])
    guard [1, 2, 4, 8, 16].contains(bits), let channels = storedChannels[kind] else {
      throw failure(
        .malformed, bytes.name, at: 24,
        expected: "1, 2, 4, 8 or 16 bits and a kind of colour 0, 2, 3, 4 or 6",
        found: "\(bits) and \(kind)")
    }
    // The rows of pixels as they are packed, divided by the most that deflate packs into a byte. Both
    // extents have 32 bits: nothing overflows.
    let (size, overflow) = ((width * bits * channels + 7) / 8 + 1)
      .multipliedReportingOverflow(by: height)
    let header = ImageHeader(
      .png, width: width, height: height, channels: kind == 0 || kind == 4 ? 1 : 3,
      minimumFileSize: overflow ? Int.max : size / 1032,
      // Wide values are narrowed afterwards.
      libraryBytesPerPixel: bits == 16 ? 2 * channels : 0)
    return (header, bits)
  }

  /// The error about a place in a file.
  private static func failure(
    _ kind: DatasetError.Kind, _ name: String, at offset: Int, expected: String, found: String
  ) -> DatasetError {
    DatasetError(
      kind, at: "\(name), byte \(offset)", expected: expected, found: found,
      advice: damagedFileAdvice)
  }
}
