import Datasets

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The markers of a JPEG file and what stands between them, without a pixel decoded.
struct JPEGStructure {
  private static let startOfScan: UInt8 = 0xDA
  private static let endOfImage: UInt8 = 0xD9
  private static let exifSegment: UInt8 = 0xE1

  /// The header, upright.
  private(set) var header: ImageHeader
  /// Where the first scan's segment ends.
  private let firstScan: Int

  /// Looks through a file up to its first scan.
  ///
  /// - Throws: `DatasetError` if the file ends before it, has no frame, or one that is not read.
  init(of bytes: PositionedBytes) throws {
    var header: ImageHeader?
    var orientation: ExifOrientation?
    var position = 2
    while true {
      guard let segment = try Self.nextSegment(in: bytes, from: position) else {
        throw DatasetError(
          .truncated, at: bytes.name, expected: "a JPEG file with pixels",
          found: "the end of the file, at \(bytes.count) bytes, before the first of them",
          advice: damagedFileAdvice)
      }
      position = segment.end
      switch segment.kind {
      case Self.endOfImage:
        throw Self.failure(bytes, "pixels before the end of the image", "none", at: segment.start)
      case Self.startOfScan:
        guard let header else {
          throw Self.failure(bytes, "a frame before the first scan", "none", at: segment.start)
        }
        self.header = header.turned(by: orientation ?? .upright)
        self.firstScan = segment.end
        return
      case Self.exifSegment where orientation == nil:
        let block = try bytes.bytes(at: segment.start + 4, count: segment.end - segment.start - 4)
        if block.starts(with: ExifOrientation.exifName) {
          orientation = ExifOrientation(exif: block)
        }
      case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(segment.kind):
        if header == nil { header = try Self.frame(in: bytes, segment) }
      default: break
      }
    }
  }

  /// Checks that the image ends, with whatever behind it.
  ///
  /// - Throws: `DatasetError` if there is no end.
  func checkEnd(of bytes: PositionedBytes) throws {
    // Of nearly all files the last two bytes. They cannot stand among packed pixels, where 0 follows
    // 0xFF.
    let last = bytes.count - 2
    if last >= firstScan,
      try bytes.bytes(at: last, count: 2).elementsEqual([0xFF, Self.endOfImage])
    {
      return
    }
    var position = firstScan
    while let segment = try Self.nextSegment(in: bytes, from: position) {
      if segment.kind == Self.endOfImage { return }
      position = segment.end
    }
    throw DatasetError(
      .truncated, at: bytes.name, expected: "a marker of the end of the image",
      found: "the end of the file, at \(bytes.count) bytes", advice: damagedFileAdvice)
  }

  /// A marker, and the bytes that its length counts.
  private struct Segment {
    var kind: UInt8
    var start: Int
    var end: Int
  }

  /// The next segment, past whatever stands before it.
  private static func nextSegment(
    in bytes: PositionedBytes, from position: Int
  ) throws -> Segment? {
    guard let start = try nextMarker(in: bytes, from: position) else { return nil }
    let head = try bytes.bytes(at: start, count: 4)
    guard head.count >= 2 else { return nil }
    let kind = head[1]
    // Without a length stand the start and the end of an image, the restarts, and 0x01.
    if kind == 0x01 || (0xD0...0xD9).contains(kind) {
      return Segment(kind: kind, start: start, end: start + 2)
    }
    guard head.count == 4 else { return nil }
    let length = Int(head.integer(at: 2, as: UInt16.self, isBigEndian: true))
    guard length >= 2 else {
      throw failure(bytes, "a segment of 2 bytes or more", "\(length)", at: start + 2)
    }
    return Segment(kind: kind, start: start, end: start + 2 + length)
  }

  /// Where the next marker stands: a byte 0xFF and one that is neither 0, which follows a 0xFF among
  /// packed pixels, nor 0xFF, which fills.
  private static func nextMarker(in bytes: PositionedBytes, from start: Int) throws -> Int? {
    var position = start
    // Mostly it is right there. If not, what is held is looked through, and then more is fetched at
    // once.
    var size = 2
    while position + 1 < bytes.count {
      let piece = try bytes.stretch(at: position, fetching: size)
      size = 1 << 16
      guard piece.count >= 2, let base = piece.baseAddress else { return nil }
      var place = 0
      while place + 1 < piece.count,
        let found = memchr(base + place, 0xFF, piece.count - 1 - place)
      {
        place = UnsafeRawPointer(found) - base
        if piece[place + 1] != 0, piece[place + 1] != 0xFF { return position + place }
        place += 1
      }
      // The last byte may begin a marker.
      position += piece.count - 1
    }
    return nil
  }

  /// Reads the segment of a frame.
  private static func frame(in bytes: PositionedBytes, _ segment: Segment) throws -> ImageHeader {
    let fields = try bytes.bytes(at: segment.start + 4, count: 6)
    guard fields.count == 6, segment.end - segment.start >= 10 else {
      throw failure(
        bytes, "a frame with precision, size and components", "its end", at: segment.start)
    }
    let precision = fields[0]
    let height = Int(fields.integer(at: 1, as: UInt16.self, isBigEndian: true))
    let width = Int(fields.integer(at: 3, as: UInt16.self, isBigEndian: true))
    let componentCount = fields[5]
    func unsupported(_ expected: String, _ found: String) -> DatasetError {
      DatasetError(
        .unsupported, at: bytes.name, expected: expected, found: found,
        advice: "save it anew from an image program, as a JPEG of 8 bits")
    }
    guard [0xC0, 0xC1, 0xC2, 0xC9, 0xCA].contains(segment.kind) else {
      throw unsupported(
        "a JPEG of a customary kind: sequential or progressive",
        "a lossless or hierarchical one, of kind 0x\(String(segment.kind, radix: 16))")
    }
    guard precision == 8 else {
      throw unsupported("a JPEG of 8 bits a channel", "one of \(precision)")
    }
    guard [1, 3, 4].contains(componentCount) else {
      throw unsupported("a JPEG of 1, 3 or 4 components", "one of \(componentCount)")
    }
    guard width > 0 else {
      throw failure(bytes, "a width of 1 or more", "0", at: segment.start + 7)
    }
    guard height > 0 else {
      throw unsupported("a JPEG whose frame tells its height", "one that tells it at the end")
    }
    return ImageHeader(
      .jpeg, width: width, height: height, channels: componentCount == 1 ? 1 : 3,
      // At least two bits a block of 64 pixels; a quarter of that, to be on the safe side.
      minimumFileSize: width * height / 1024,
      // Progressive ones are kept as coefficients of 16 bits until all scans are read.
      libraryBytesPerPixel: [0xC2, 0xCA].contains(segment.kind) ? 2 * Int(componentCount) : 0)
  }

  private static func failure(
    _ bytes: PositionedBytes, _ expected: String, _ found: String, at place: Int
  ) -> DatasetError {
    DatasetError(
      .malformed, at: "\(bytes.name), byte \(place)", expected: expected, found: found,
      advice: damagedFileAdvice)
  }
}
