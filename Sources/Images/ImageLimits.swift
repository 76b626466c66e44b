/// Up to which size images are decoded.
///
/// A file of a few bytes may promise an image of gigabytes; and within this limit, memory is taken
/// only for images that the file is large enough to hold.
public struct ImageLimits: Hashable, Sendable {
  /// The largest number of pixels; 2²⁶, 67,108,864, by default.
  ///
  /// The tool's option `--max-image-pixels`.
  public var maximumPixelCount: Int

  /// Creates limits.
  public init(maximumPixelCount: Int = 1 << 26) {
    self.maximumPixelCount = maximumPixelCount
  }

  /// The largest file, in bytes: eight for each pixel, which hold four channels of 16 bits as they
  /// are, and 16 MiB for what is no pixels.
  package var maximumFileSize: Int {
    let (pixels, overflow) = maximumPixelCount.multipliedReportingOverflow(by: 8)
    return overflow ? .max : min(pixels, .max - (16 << 20)) + (16 << 20)
  }

  /// The longest side, whatever the number of pixels: that of JPEG.
  ///
  /// PNG has longer ones. What resizing needs grows with the sides, not with the area.
  package static let maximumSide = 65_535

  /// Whether an image of this size may be made.
  func allow(width: Int, height: Int) -> Bool {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    return !overflow && count <= maximumPixelCount && max(width, height) <= Self.maximumSide
  }
}
