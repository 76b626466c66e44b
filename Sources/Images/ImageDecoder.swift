import CJPEG
import CPNG
import Datasets

/// What the first bytes of an image file say.
package struct ImageHeader: Hashable, Sendable {
  /// The formats that are read.
  package enum Format: Hashable, Sendable {
    /// Joint Photographic Experts Group's.
    case jpeg
    /// Portable Network Graphics.
    case png
  }

  /// The format.
  package var format: Format
  /// Pixels in a row.
  package var width: Int
  /// Rows.
  package var height: Int
  /// 1 for grey, 3 for colour; without alpha.
  package var channels: Int
  /// No smaller file can hold an image of this size.
  package var minimumFileSize: Int
}

/// Decodes image files, one after the other, and keeps what is expensive to make.
///
/// Unchecked: for one thread at a time, whichever.
package final class ImageDecoder: @unchecked Sendable {
  let limits: ImageLimits
  private let jpeg: JPEGDecoder
  private let resampler = Resampler()
  private let file = ScratchBytes()
  private let decoded = ScratchBytes()
  private let converted = ScratchBytes()
  private let output = ScratchBytes()
  private let chunks = ScratchBytes()

  /// Creates a decoder.
  ///
  /// - Throws: ``DatasetError`` if the JPEG library cannot be set up.
  package init(limits: ImageLimits) throws {
    self.limits = limits
    self.jpeg = try JPEGDecoder()
  }

  /// Calls `body` with the bytes of a file.
  ///
  /// - Throws: ``DatasetError`` if the file cannot be read or is larger than the limit; what `body`
  ///   throws.
  package func withFile<Result>(
    _ path: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let source = try ByteSource(path: path)
    guard source.size <= limits.maximumFileSize else {
      throw DatasetError(
        .tooLarge, at: source.name, expected: "at most \(limits.maximumFileSize) bytes",
        found: "\(source.size)", advice: "raise the limit if the image is to be trusted")
    }
    let memory = UnsafeMutableRawBufferPointer(
      start: try file.pointer(to: source.size, for: source.name), count: source.size)
    let count = try source.read(into: memory)
    return try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]))
  }

  /// What the file is, with its size checked against the limits and against the bytes present.
  ///
  /// - Throws: ``DatasetError`` if the bytes are neither PNG nor JPEG, are damaged, or the image
  ///   exceeds the limits.
  package func header(of bytes: UnsafeRawBufferPointer, name: String) throws -> ImageHeader {
    let header: ImageHeader
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      header = try jpeg.header(of: bytes, name: name)
    } else if bytes.starts(with: PNGChunks.signature) {
      header = try pngHeader(of: bytes, name: name)
    } else {
      throw DatasetError(
        .unsupported, at: name, expected: "a PNG or JPEG file", found: contents(of: bytes),
        advice: "convert it to PNG or JPEG")
    }
    let (pixelCount, overflow) = header.width.multipliedReportingOverflow(by: header.height)
    guard !overflow, max(header.width, header.height) <= limits.maximumSide,
      pixelCount <= limits.maximumPixelCount
    else {
      throw DatasetError(
        .tooLarge, at: name,
        expected:
          "at most \(limits.maximumSide) pixels a side and \(limits.maximumPixelCount) in all",
        found: "\(header.width) × \(header.height)",
        advice: "shrink the image, or raise the limits if it is to be trusted")
    }
    guard header.minimumFileSize <= bytes.count else {
      throw DatasetError(
        .truncated, at: name, expected: "an image of \(header.width) × \(header.height) pixels",
        found: "\(bytes.count) bytes, too few to hold it",
        advice: "fetch the file again; it is incomplete or damaged")
    }
    return header
  }

  /// Decodes a whole file.
  ///
  /// - Parameter channels: 1 or 3; as in the file if nil.
  package func image(from bytes: UnsafeRawBufferPointer, name: String, channels: Int?) throws
    -> Image
  {
    let header = try header(of: bytes, name: name)
    let channels = channels ?? header.channels
    var pixels = [UInt8](repeating: 0, count: header.width * header.height * channels)
    try pixels.withUnsafeMutableBufferPointer {
      try decode(
        bytes, header, name: name, width: header.width, height: header.height, channels: channels,
        to: $0.baseAddress!)
    }
    return Image(width: header.width, height: header.height, channels: channels, pixels: pixels)
  }

  /// Decodes a file into `height · width · channels` bytes, resized and converted as needed.
  ///
  /// - Throws: ``DatasetError`` if the bytes are damaged.
  package func decode(
    _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String, width: Int, height: Int,
    channels: Int, to destination: UnsafeMutablePointer<UInt8>
  ) throws {
    precondition(channels == 1 || channels == 3, "An image has 1 or 3 channels.")
    let pixelCount = header.width * header.height
    let keepsSize = header.width == width && header.height == height
    var pixels = destination
    switch header.format {
    case .jpeg:
      // The library converts between grey and colour itself.
      if !keepsSize { pixels = try decoded.pointer(to: pixelCount * channels, for: name) }
      try jpeg.decode(bytes, header, name: name, channels: channels, to: pixels)
    case .png:
      // Room for an alpha channel.
      pixels = try decoded.pointer(to: pixelCount * 4, for: name)
      try decodePNG(neededParts(of: bytes, name: name), header, name: name, to: pixels)
      if header.channels != channels {
        let other = try converted.pointer(to: pixelCount * channels, for: name)
        convertChannels(
          pixels, pixelCount: pixelCount, from: header.channels, to: other, channels)
        pixels = other
      }
    }
    if pixels != destination {
      resampler.resample(
        pixels, width: header.width, height: header.height, channels: channels, to: destination,
        width: width, height: height)
    }
  }

  /// A PNG file without what libpng does not need, until the next call.
  private func neededParts(
    of bytes: UnsafeRawBufferPointer, name: String
  ) throws -> UnsafeRawBufferPointer {
    let needed = try PNGChunks(of: bytes, name: name)
    if needed.isAll(of: bytes) { return bytes }
    let copy = UnsafeMutableRawBufferPointer(
      start: try chunks.pointer(to: needed.count, for: name), count: needed.count)
    var end = 0
    for part in needed.parts {
      UnsafeMutableRawBufferPointer(rebasing: copy[end..<end + part.count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[part]))
      end += part.count
    }
    return UnsafeRawBufferPointer(copy)
  }

  /// Room for a decoded image, until the next call.
  package func outputBytes(count: Int, for place: String) throws -> UnsafeMutablePointer<UInt8> {
    try output.pointer(to: count, for: place)
  }

  /// What a file that is no image of ours seems to be.
  private func contents(of bytes: UnsafeRawBufferPointer) -> String {
    let known: [(String, [UInt8])] = [
      ("a GIF file", Array("GIF8".utf8)), ("a BMP file", Array("BM".utf8)),
      ("a WebP file", Array("RIFF".utf8)), ("a TIFF file", [0x49, 0x49, 0x2A, 0]),
      ("a TIFF file", [0x4D, 0x4D, 0, 0x2A]), ("a gzip file", [0x1F, 0x8B]),
    ]
    if bytes.isEmpty { return "an empty file" }
    return known.first { bytes.starts(with: $0.1) }?.0 ?? "something else"
  }
}

/// Memory that grows as needed and is used again.
private final class ScratchBytes {
  private var buffer: ByteBuffer?

  /// Room for `count` bytes.
  ///
  /// What was there before is lost.
  func pointer(to count: Int, for place: String) throws -> UnsafeMutablePointer<UInt8> {
    if let buffer, buffer.count >= count { return buffer.pointer }
    buffer = nil
    let larger = try ByteBuffer(count: count, place: place)
    buffer = larger
    return larger.pointer
  }
}
