/// Writes `pixelCount` pixels with another number of channels, 1 or 3.
func convertChannels(
  _ source: UnsafePointer<UInt8>, pixelCount: Int, from channels: Int,
  to destination: UnsafeMutablePointer<UInt8>, _ wanted: Int
) {
  switch (channels, wanted) {
  case (3, 1):
    for pixel in 0..<pixelCount {
      let red = Int32(source[3 * pixel])
      let green = Int32(source[3 * pixel + 1])
      let blue = Int32(source[3 * pixel + 2])
      // 16 fractional bits; the weights sum to 2¹⁶.
      destination[pixel] = UInt8((19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16)
    }
  case (1, 3):
    for pixel in 0..<pixelCount {
      destination[3 * pixel] = source[pixel]
      destination[3 * pixel + 1] = source[pixel]
      destination[3 * pixel + 2] = source[pixel]
    }
  default:
    destination.update(from: source, count: pixelCount * channels)
  }
}

/// Lays pixels with an alpha channel, the last, on white, and closes the gaps: `channels` bytes a
/// pixel are left, in place.
func layOnWhite(_ pixels: UnsafeMutablePointer<UInt8>, pixelCount: Int, channels: Int) {
  for pixel in 0..<pixelCount {
    let alpha = UInt32(pixels[pixel * (channels + 1) + channels])
    for channel in 0..<channels {
      let value = UInt32(pixels[pixel * (channels + 1) + channel])
      pixels[pixel * channels + channel] = UInt8((value * alpha + 255 * (255 - alpha) + 127) / 255)
    }
  }
}
