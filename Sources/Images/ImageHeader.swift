import Tensors

/// What an image file says about itself before its pixels.
package struct ImageHeader: Hashable, Sendable {
  /// The format.
  package var format: ImageFormat
  /// Pixels in a row, as the image is read: upright where that is asked for.
  package var width: Int
  /// Rows, as the image is read.
  package var height: Int
  /// 1 for grey, 3 for colour; without alpha.
  package var channels: Int
  /// How the stored pixels are turned.
  package var orientation: ExifOrientation
  /// No smaller file can hold an image of this size.
  package var minimumFileSize: Int
  /// What the format's library takes besides the pixels that it writes, in bytes a pixel.
  var libraryBytesPerPixel: Int

  /// Pixels in a row of the file.
  var storedWidth: Int { orientation.swapsSides ? height : width }
  /// Rows of the file.
  var storedHeight: Int { orientation.swapsSides ? width : height }

  /// Creates the header of an image as it is stored.
  init(
    _ format: ImageFormat, width: Int, height: Int, channels: Int, minimumFileSize: Int,
    libraryBytesPerPixel: Int
  ) {
    self.format = format
    self.width = width
    self.height = height
    self.channels = channels
    self.orientation = .upright
    self.minimumFileSize = minimumFileSize
    self.libraryBytesPerPixel = libraryBytesPerPixel
  }

  /// The bytes that an ``ImageDecoder`` takes for the image, about.
  ///
  /// - Parameter shape: What it is brought to: height, width, channels.
  func decodingByteCount(to shape: Shape) -> Int {
    let isConverted = channels != shape[2]
    let isTurned = orientation != .upright
    // The file is packed, mostly to much less than its pixels.
    let bytesPerPixel =
      2 * channels + libraryBytesPerPixel + (isConverted ? shape[2] : 0)
      + (isTurned ? shape[2] : 0)
    // The columns are shrunk first, to 16 bits.
    let rows = height * shape[1] * shape[2] * 2
    return width * height * bytesPerPixel + rows + shape.count
  }

  /// The header of the image as its pixels lie in the file.
  var asStored: ImageHeader {
    var result = self
    result.orientation = .upright
    (result.width, result.height) = (storedWidth, storedHeight)
    return result
  }

  /// The header of the image as it stands upright.
  func turned(by orientation: ExifOrientation) -> ImageHeader {
    var result = self
    result.orientation = orientation
    if orientation.swapsSides { (result.width, result.height) = (height, width) }
    return result
  }
}
