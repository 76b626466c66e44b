import CPNG
import Datasets

/// Reads the header of a PNG file and checks that the file can hold the image.
func pngHeader(of bytes: UnsafeRawBufferPointer, name: String) throws -> ImageHeader {
  var image = png_image()
  image.version = UInt32(PNG_IMAGE_VERSION)
  defer { png_image_free(&image) }
  guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
    throw failure(&image, name)
  }
  return ImageHeader(
    format: .png, width: Int(image.width), height: Int(image.height),
    channels: image.format & UInt32(PNG_FORMAT_FLAG_COLOR) == 0 ? 1 : 3,
    minimumFileSize: minimumFileSize(of: bytes, width: Int(image.width), height: Int(image.height)))
}

/// The rows of pixels as they are packed, divided by 1,032, the most that deflate packs into a byte.
///
/// - Parameter bytes: A file whose first chunk libpng has accepted: IHDR with the number of bits of
///   a channel at byte 24 and the kind of colour at byte 25.
private func minimumFileSize(of bytes: UnsafeRawBufferPointer, width: Int, height: Int) -> Int {
  guard bytes.count > 25 else { return Int.max }
  let channels: Int
  switch bytes[25] {
  case 2: channels = 3
  case 4: channels = 2
  case 6: channels = 4
  default: channels = 1
  }
  let row = (width * Int(bytes[24]) * channels + 7) / 8 + 1
  let (size, overflow) = row.multipliedReportingOverflow(by: height)
  return overflow ? Int.max : size / 1032
}

/// Decodes into `height · width · header.channels` bytes, transparent pixels laid on white.
///
/// - Parameter destination: Room for one channel more, the alpha channel.
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
