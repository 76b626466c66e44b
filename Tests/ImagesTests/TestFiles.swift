import CImageCodecs
import CPNG
import Foundation
import Images

/// A PNG file of 8-bit channels: grey, grey and alpha, RGB or RGBA.
func png(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
  var image = png_image()
  image.version = UInt32(PNG_IMAGE_VERSION)
  image.width = UInt32(width)
  image.height = UInt32(height)
  image.format =
    (channels >= 3 ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0)
    | (channels % 2 == 0 ? UInt32(PNG_FORMAT_FLAG_ALPHA) : 0)
  var bytes = [UInt8](repeating: 0, count: pixels.count * 2 + 4096)
  var size = bytes.count
  precondition(png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, nil) != 0)
  return Array(bytes[..<size])
}

func png(_ image: Image) -> [UInt8] {
  png(image.pixels, width: image.width, height: image.height, channels: image.channels)
}

/// A JPEG file of high quality, without subsampling.
func jpeg(_ image: Image, progressive: Bool = false) -> [UInt8] {
  let form = codec_jpeg_form(quality: 98, subsampled: false, progressive: progressive)
  var count = 0
  guard
    let memory = codec_jpeg_encode(
      image.pixels, UInt32(image.width), UInt32(image.height), UInt32(image.channels), form, &count)
  else { preconditionFailure("A small JPEG can be written.") }
  defer { free(memory) }
  return Array(UnsafeBufferPointer(start: memory, count: count))
}

/// A smooth image, every one of which differs.
func gradient(width: Int, height: Int, channels: Int, seed: Int = 0) -> Image {
  var pixels: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      for channel in 0..<channels {
        pixels.append(UInt8((x * 5 + y * 3 + channel * 40 + seed * 17) % 200 + 20))
      }
    }
  }
  return Image(width: width, height: height, channels: channels, pixels: pixels)
}

func flat(_ value: UInt8, width: Int = 4, height: Int = 4, channels: Int = 3) -> Image {
  Image(
    width: width, height: height, channels: channels,
    pixels: [UInt8](repeating: value, count: width * height * channels))
}

/// A folder of its own that is gone after `body`.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("needletail-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  let result = Result { try body(folder) }
  try FileManager.default.removeItem(at: folder)
  try result.get()
}

/// Writes files by their paths below a folder.
func write(_ files: [String: [UInt8]], to folder: URL) throws {
  for (path, bytes) in files {
    let url = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }
}
