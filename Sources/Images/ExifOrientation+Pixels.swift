extension ExifOrientation {
  /// Writes pixels as they stand upright.
  ///
  /// - Parameters:
  ///   - width: Pixels in a row of `source`.
  ///   - height: Rows of `source`.
  ///   - channels: Bytes a pixel, 1 or 3.
  func turn(
    _ source: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int,
    to destination: UnsafeMutablePointer<UInt8>
  ) {
    // Where the first upright pixel lies, and how far its neighbours to the right and below.
    let last = width * height - 1
    let (first, across, down) =
      switch self {
      case .upright: (0, 1, width)
      case .mirrored: (width - 1, -1, width)
      case .upsideDown: (last, -1, -width)
      case .flipped: (last - width + 1, 1, -width)
      case .transposed: (0, width, 1)
      case .clockwise: (last - width + 1, -width, 1)
      case .transversed: (last, -width, -1)
      case .counterclockwise: (width - 1, width, -1)
      }
    let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
    // Squares, whose rows and columns both stay in the first-level cache.
    let side = 64
    for top in stride(from: 0, to: newHeight, by: side) {
      for left in stride(from: 0, to: newWidth, by: side) {
        let count = min(side, newWidth - left)
        for y in top..<min(top + side, newHeight) {
          let from = source + (first + left * across + y * down) * channels
          let to = destination + (y * newWidth + left) * channels
          if channels == 3 {
            for x in 0..<count {
              to[3 * x] = from[3 * across * x]
              to[3 * x + 1] = from[3 * across * x + 1]
              to[3 * x + 2] = from[3 * across * x + 2]
            }
          } else {
            for x in 0..<count { to[x] = from[across * x] }
          }
        }
      }
    }
  }
}
