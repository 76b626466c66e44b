import Datasets
public import Foundation
public import Tensors

/// A picture in memory: one byte a channel, row-major `[height, width, channels]`.
public struct Image: Hashable, Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// The pixels, `height · width · channels` bytes.
  public let pixels: [UInt8]

  /// Creates an image from its pixels.
  ///
  /// - Precondition: extents are 1 or more, channels 1 or 3, and there are
  ///   `height · width · channels` bytes.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width >= 1 && height >= 1, "An image has at least one pixel.")
    precondition(channels == 1 || channels == 3, "An image has 1 or 3 channels.")
    precondition(
      pixels.count == height * width * channels,
      "\(height) × \(width) × \(channels) takes other than \(pixels.count) bytes.")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Decodes a PNG or JPEG file, which its first bytes tell apart.
  ///
  /// Transparent pixels of a PNG are laid on white. Channels of 16 bits are rounded to 8. An
  /// orientation in the file's metadata is not applied, as in the tools that data sets are usually
  /// made with. A JPEG must be complete and without any warning of the decoder.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - channels: 1 for grey (the luma of Rec. 601), 3 for colour; as in the file if nil.
  ///   - limits: What is refused for its size before memory is taken.
  /// - Throws: `DatasetError` if the file cannot be read, is neither PNG nor JPEG, is damaged, or
  ///   exceeds the limits.
  public init(contentsOf url: URL, channels: Int? = nil, limits: ImageLimits = ImageLimits()) throws
  {
    let decoder = try ImageDecoder(limits: limits)
    self = try decoder.withFile(url.path) {
      try decoder.image(from: $0, name: url.path, channels: channels)
    }
  }

  /// Decodes the bytes of a PNG or JPEG file; see ``init(contentsOf:channels:limits:)``.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What to call it in errors.
  ///   - channels: 1 for grey, 3 for colour; as in the file if nil.
  ///   - limits: What is refused for its size before memory is taken.
  /// - Throws: `DatasetError` if the bytes are neither PNG nor JPEG, are damaged, or exceed the
  ///   limits.
  public init(
    decoding bytes: [UInt8], name: String = "image", channels: Int? = nil,
    limits: ImageLimits = ImageLimits()
  ) throws {
    let decoder = try ImageDecoder(limits: limits)
    self = try bytes.withUnsafeBytes {
      try decoder.image(from: $0, name: name, channels: channels)
    }
  }

  /// The image in another size, by linear interpolation, averaging where it shrinks.
  ///
  /// Pixels are squares whose centres lie at half integers: the corners of both images coincide. Where
  /// the image shrinks, the triangle of the interpolation widens with the scale, so that every pixel
  /// counts (no aliasing), as in Pillow's `BILINEAR` and PyTorch's `antialias=True`. Computed in
  /// integers: the same bytes on any processor, within 1 of the exact value.
  ///
  /// - Precondition: both extents are 1 or more.
  public func resized(width: Int, height: Int) -> Image {
    precondition(width >= 1 && height >= 1, "An image has at least one pixel.")
    var result = [UInt8](repeating: 0, count: height * width * channels)
    let resampler = Resampler()
    pixels.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { destination in
        resampler.resample(
          source.baseAddress!, width: self.width, height: self.height, channels: channels,
          to: destination.baseAddress!, width: width, height: height)
      }
    }
    return Image(width: width, height: height, channels: channels, pixels: result)
  }

  /// The image in grey (1) or colour (3).
  ///
  /// Grey is the luma of Rec. 601, 0.299 R + 0.587 G + 0.114 B, rounded; colour repeats the grey.
  ///
  /// - Precondition: `channels` is 1 or 3.
  public func converted(toChannels channels: Int) -> Image {
    precondition(channels == 1 || channels == 3, "An image has 1 or 3 channels.")
    if channels == self.channels { return self }
    var result = [UInt8](repeating: 0, count: height * width * channels)
    pixels.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { destination in
        convertChannels(
          source.baseAddress!, pixelCount: width * height, from: self.channels,
          to: destination.baseAddress!, channels)
      }
    }
    return Image(width: width, height: height, channels: channels, pixels: result)
  }

  /// Writes the pixels as numbers from 0 to `maximum`, row by row, into memory for as many.
  func write(to elements: UnsafeMutableBufferPointer<Float>, maximum: Float = 255) {
    pixels.withUnsafeBufferPointer { pixels in
      for index in pixels.indices { elements[index] = Float(pixels[index]) * maximum / 255 }
    }
  }

  /// The pixels as numbers from 0 to 255, `[height, width, channels]`.
  public func tensor() -> Tensor {
    Tensor(shape: [height, width, channels], pixels.lazy.map(Float.init))
  }
}

/// Up to which size files and images are decoded.
///
/// A file of a few bytes may promise an image of gigabytes; and within these limits, memory is taken
/// only for images that the file is large enough to hold.
public struct ImageLimits: Hashable, Sendable {
  /// The largest width or height; 65,535 by default, the most that JPEG has.
  public var maximumSide: Int
  /// The largest number of pixels; 2²⁶, 67 million, by default.
  public var maximumPixelCount: Int
  /// The largest file, in bytes; 2²⁸, 268 million, by default.
  public var maximumFileSize: Int

  /// Creates limits.
  public init(
    maximumSide: Int = 65_535, maximumPixelCount: Int = 1 << 26, maximumFileSize: Int = 1 << 28
  ) {
    self.maximumSide = maximumSide
    self.maximumPixelCount = maximumPixelCount
    self.maximumFileSize = maximumFileSize
  }
}
