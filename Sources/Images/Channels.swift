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
