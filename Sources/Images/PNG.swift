import CPNG
import Datasets

/// Reads the header of a PNG file, its first chunk.
func pngHeader(of bytes: UnsafeRawBufferPointer, name: String) throws -> ImageHeader {
  // The signature, the chunk's length and name, width and height, four fields of a byte, a checksum.
  guard bytes.count >= 33 else {
    throw PNGChunks.failure(
      .truncated, name, at: 8, expected: "the 25 bytes of a chunk IHDR",
      found: "\(max(bytes.count - 8, 0))")
  }
  guard bytes.bigEndian(at: 8) == 13, bytes[12..<16].elementsEqual("IHDR".utf8) else {
    throw PNGChunks.failure(
      .malformed, name, at: 8, expected: "a chunk IHDR of 13 bytes", found: "another chunk")
  }
  let (width, height) = (Int(bytes.bigEndian(at: 16)), Int(bytes.bigEndian(at: 20)))
  guard width > 0, height > 0 else {
    throw PNGChunks.failure(
      .malformed, name, at: 16, expected: "a width and a height of 1 or more",
      found: "\(width) × \(height)")
  }
  let (bits, kind) = (Int(bytes[24]), bytes[25])
  guard [1, 2, 4, 8, 16].contains(bits), let channels = storedChannels[kind] else {
    throw PNGChunks.failure(
      .malformed, name, at: 24,
      expected: "1, 2, 4, 8 or 16 bits and a kind of colour 0, 2, 3, 4 or 6",
      found: "\(bits) and \(kind)")
  }
  // The rows of pixels as they are packed, divided by the most that deflate packs into a byte. Both
  // extents have 32 bits: nothing overflows.
  let (size, overflow) = ((width * bits * channels + 7) / 8 + 1)
    .multipliedReportingOverflow(by: height)
  return ImageHeader(
    format: .png, width: width, height: height, channels: kind == 0 || kind == 4 ? 1 : 3,
    minimumFileSize: overflow ? Int.max : size / 1032)
}

/// The channels of each kind of colour: grey, colour, palette, grey and alpha, colour and alpha.
private let storedChannels: [UInt8: Int] = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4]

/// Decodes into `height · width · header.channels` bytes, transparent pixels laid on white.
///
/// - Parameters:
///   - bytes: The chunks that libpng needs, see ``PNGChunks``.
///   - destination: Room for one channel more, the alpha channel.
func decodePNG(
  _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String,
  to destination: UnsafeMutablePointer<UInt8>
) throws {
  var image = png_image()
  image.version = UInt32(PNG_IMAGE_VERSION)
  defer { png_image_free(&image) }
  guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
    throw failure(&image, name)
  }
  precondition(Int(image.width) == header.width && Int(image.height) == header.height)
  let hasAlpha = image.format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0
  // Channels of 16 bits without a stated gamma mean what those of 8 bits mean.
  image.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
  image.format =
    (header.channels == 3 ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0)
    | (hasAlpha ? UInt32(PNG_FORMAT_FLAG_ALPHA) : 0)
  guard png_image_finish_read(&image, nil, destination, 0, nil) != 0 else {
    throw failure(&image, name)
  }
  if hasAlpha {
    layOnWhite(
      destination, pixelCount: header.width * header.height, channels: header.channels)
  }
}

private func failure(_ image: inout png_image, _ name: String) -> DatasetError {
  let message = withUnsafeBytes(of: &image.message) { bytes in
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
  return DatasetError(
    message.lowercased().contains("read") ? .truncated : .malformed, at: name,
    expected: "an undamaged PNG file", found: "\"\(message)\"",
    advice: "fetch the file again, save it anew from an image program, or remove it")
}
