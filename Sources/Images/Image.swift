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

  /// Decodes a PNG, JPEG or WebP file, which its first bytes tell apart, not its name.
  ///
  /// - An image stands upright, as the file's EXIF data say; `reading` can keep it as stored.
  /// - Alpha and transparent colours are left out, not blended: a transparent pixel has the colour
  ///   that is stored for it.
  /// - Channels of 16 bits are divided by 257 and rounded; fewer than 8 bits are spread over 0 to 255.
  /// - JPEG files in inks (CMYK, YCCK) are converted as Adobe's programs store them.
  /// - Gamma, colour spaces and profiles change no pixel.
  ///
  /// All of this is within one grey level of Pillow's `ImageOps.exif_transpose` and `convert("RGB")`
  /// or `convert("L")`; only grey of 16 bits Pillow cuts at 255. A JPEG must be complete and undamaged;
  /// bytes between its parts are passed over.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - size: The height and width to resize it to; those of the image if nil.
  ///   - channels: 1 for grey (the luma of Rec. 601), 3 for colour; as in the file if nil.
  ///   - reading: Which way up, and how it gets another size.
  ///   - limits: What is refused for its size before memory is taken.
  /// - Throws: `DatasetError` if the file cannot be read, has another format, is damaged, or exceeds
  ///   the limits.
  public init(
    contentsOf url: URL, size: (height: Int, width: Int)? = nil, channels: Int? = nil,
    reading: ImageReading = ImageReading(), limits: ImageLimits = ImageLimits()
  ) throws {
    let decoder = try ImageDecoder(limits: limits, reading: reading)
    self = try decoder.withFile(url.path) {
      try decoder.image(from: $0, name: url.path, size: size, channels: channels)
    }
  }

  /// Decodes the bytes of a PNG, JPEG or WebP file; see
  /// ``init(contentsOf:size:channels:reading:limits:)``.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What to call it in errors.
  ///   - size: The height and width to resize it to; those of the image if nil.
  ///   - channels: 1 for grey, 3 for colour; as in the file if nil.
  ///   - reading: Which way up, and how it gets another size.
  ///   - limits: What is refused for its size before memory is taken.
  /// - Throws: `DatasetError` if the bytes have another format, are damaged, or exceed the limits.
  public init(
    decoding bytes: [UInt8], name: String = "image", size: (height: Int, width: Int)? = nil,
    channels: Int? = nil, reading: ImageReading = ImageReading(),
    limits: ImageLimits = ImageLimits()
  ) throws {
    let decoder = try ImageDecoder(limits: limits, reading: reading)
    self = try bytes.withUnsafeBytes {
      try decoder.image(from: $0, name: name, size: size, channels: channels)
    }
  }

  /// The image in another size, by linear interpolation, averaging where it shrinks.
  ///
  /// Pixels are squares whose centres lie at half integers: the corners of both images coincide. Where
  /// the image shrinks, the triangle of the interpolation widens with the scale, so that every pixel
  /// counts (no aliasing), as in Pillow's `BILINEAR` and PyTorch's `antialias=True`. Computed in
  /// integers: the same bytes on any processor, within 1 of the exact value.
  ///
  /// - Parameter resizing: Of which part of the image; all of it by default. The rectangle of a crop
  ///   need not begin at a whole pixel, as in Pillow's `ImageOps.fit`.
  /// - Precondition: both extents are 1 or more, and the system has the memory.
  public func resized(
    width: Int, height: Int, _ resizing: ImageReading.Resizing = .squash
  ) -> Image {
    precondition(width >= 1 && height >= 1, "An image has at least one pixel.")
    var result = [UInt8](repeating: 0, count: height * width * channels)
    let resampler = Resampler()
    pixels.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { destination in
        do throws(MemoryError) {
          try resampler.resample(
            source.baseAddress!, width: self.width, height: self.height, channels: channels,
            to: destination.baseAddress!, width: width, height: height, resizing)
        } catch {
          preconditionFailure("\(error)")
        }
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
