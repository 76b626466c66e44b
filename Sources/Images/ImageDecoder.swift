import Datasets
import Tensors

/// Decodes image files, one after the other, and keeps what is expensive to make.
///
/// Unchecked: for one thread at a time, whichever.
package final class ImageDecoder: @unchecked Sendable {
  let limits: ImageLimits
  let reading: ImageReading
  private let jpeg: JPEGDecoder
  private let resampler = Resampler()
  private let file = ScratchBytes()
  private let output = ScratchBytes()
  // What a step of decoding writes and the next reads.
  private let wide = ScratchBytes()
  private let stored = ScratchBytes()
  private let converted = ScratchBytes()
  private let turned = ScratchBytes()

  /// Creates a decoder.
  ///
  /// - Throws: ``DatasetError`` if the JPEG library cannot be set up.
  package init(limits: ImageLimits, reading: ImageReading = ImageReading()) throws {
    self.limits = limits
    self.reading = reading
    self.jpeg = try JPEGDecoder()
  }

  /// Calls `body` with the bytes of a file.
  ///
  /// - Throws: ``DatasetError`` if the file cannot be read or is larger than the limit; what `body`
  ///   throws.
  package func withFile<Result>(
    _ path: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let source = try open(path)
    let memory = UnsafeMutableRawBufferPointer(
      start: try file.pointer(to: source.size, for: source.name), count: source.size)
    let count = try source.read(into: memory)
    return try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]))
  }

  private func open(_ path: String) throws -> ByteSource {
    let source = try ByteSource(path: path)
    guard source.size <= limits.maximumFileSize else {
      throw DatasetError(
        .tooLarge, at: source.name,
        expected: "at most \(limits.maximumFileSize) bytes, "
          + "enough for an image of \(limits.maximumPixelCount) pixels",
        found: "\(source.size)",
        advice: "remove it, or \(Self.raising(to: "PIXELS"))")
    }
    return source
  }

  /// What to do about an image that is to be trusted.
  private static func raising(to count: String) -> String {
    "allow more if it is to be trusted: --max-image-pixels \(count), "
      + "in Swift ImageLimits.maximumPixelCount"
  }

  /// Looks whether a file is a whole image, without decoding it: its header, its size against the
  /// limits, and its end.
  ///
  /// Reads some hundred bytes of most files: not all of it, and not what lies between. Damage among
  /// the packed pixels shows only when they are decoded.
  ///
  /// - Throws: ``DatasetError`` if the file cannot be read, has another format, ends early, or exceeds
  ///   the limits.
  package func check(_ path: String) throws -> ImageHeader {
    let source = try open(path)
    return try header(in: PositionedBytes(source, window: file), checkingEnd: true)
  }

  /// The same of bytes in memory.
  package func check(_ bytes: UnsafeRawBufferPointer, name: String) throws -> ImageHeader {
    try header(in: PositionedBytes(bytes, name: name), checkingEnd: true)
  }

  /// What the file is, with its size checked against the limits and against the bytes present.
  ///
  /// - Throws: ``DatasetError`` if the bytes have another format, are damaged, or the image exceeds
  ///   the limits.
  package func header(of bytes: UnsafeRawBufferPointer, name: String) throws -> ImageHeader {
    try header(in: PositionedBytes(bytes, name: name), checkingEnd: false)
  }

  private func header(in bytes: PositionedBytes, checkingEnd: Bool) throws -> ImageHeader {
    let start = try bytes.bytes(at: 0, count: ImageFormat.signatureSize)
    var header: ImageHeader
    switch ImageFormat(signature: start) {
    case .jpeg:
      let structure = try JPEGStructure(of: bytes)
      header = structure.header
      try check(header, bytes)
      if checkingEnd { try structure.checkEnd(of: bytes) }
    case .png:
      header = try PNGStructure(of: bytes).header
      try check(header, bytes)
    case .webp:
      header = try WebPStructure(of: bytes).header
      try check(header, bytes)
    default: throw unknown(start, bytes.name)
    }
    if reading.orientation == .asStored { header = header.asStored }
    return header
  }

  private func check(_ header: ImageHeader, _ bytes: PositionedBytes) throws {
    let (width, height) = (header.width, header.height)
    guard max(width, height) <= ImageLimits.maximumSide else {
      throw DatasetError(
        .tooLarge, at: bytes.name, expected: "at most \(ImageLimits.maximumSide) pixels a side",
        found: "\(width) × \(height)", advice: "shrink or cut the image, or remove it")
    }
    guard limits.allow(width: width, height: height) else {
      throw DatasetError(
        .tooLarge, at: bytes.name, expected: "at most \(limits.maximumPixelCount) pixels",
        found: "\(width) × \(height)",
        advice: "shrink the image, or \(Self.raising(to: String(width * height)))")
    }
    guard header.minimumFileSize <= bytes.count else {
      throw DatasetError(
        .truncated, at: bytes.name, expected: "an image of \(width) × \(height) pixels",
        found: "\(bytes.count) bytes, too few to hold it", advice: damagedFileAdvice)
    }
  }

  private func unknown(_ start: UnsafeRawBufferPointer, _ name: String) -> DatasetError {
    let contents = ImageFormat.contents(of: start)
    let format = ImageFormat(signature: start)
    var found = contents.found
    // A name that says something else is why nobody has noticed.
    if let named = ImageFormat(ofFileNamed: name), named != format, !start.isEmpty {
      found += ", not the \(named.name) that its name says"
    }
    return DatasetError(
      start.isEmpty ? .truncated : format == nil ? .malformed : .otherFormat, at: name,
      expected: "a \(ImageFormat.readNames) file", found: found,
      advice: contents.advice
        + (format == nil ? "" : ": \(ImageFormat.conversionCommand(ofFile: name))"))
  }

  /// Decodes a whole file.
  ///
  /// - Parameters:
  ///   - size: The height and width to resize it to; its own if nil.
  ///   - channels: 1 or 3; as in the file if nil.
  package func image(
    from bytes: UnsafeRawBufferPointer, name: String, size: (height: Int, width: Int)? = nil,
    channels: Int? = nil
  ) throws -> Image {
    let header = try header(of: bytes, name: name)
    let (height, width) = size ?? (header.height, header.width)
    precondition(width >= 1 && height >= 1, "An image has at least one pixel.")
    let channels = channels ?? header.channels
    // An array ends the process where its memory is refused.
    try MemoryError.check(width * height * channels, for: name)
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    try pixels.withUnsafeMutableBufferPointer {
      _ = try decode(
        bytes, header, name: name, width: width, height: height, channels: channels,
        to: $0.baseAddress!)
    }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// Decodes a file into `height · width · channels` bytes: converted, turned upright and resized as
  /// needed, in this order.
  ///
  /// - Returns: What is odd about the file.
  /// - Throws: ``DatasetError`` if the bytes are damaged.
  @discardableResult
  package func decode(
    _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String, width: Int, height: Int,
    channels: Int, to destination: UnsafeMutablePointer<UInt8>
  ) throws -> Set<ImageNote> {
    precondition(channels == 1 || channels == 3, "An image has 1 or 3 channels.")
    let pixelCount = header.width * header.height
    let isConverted = header.channels != channels
    let isTurned = header.orientation != .upright
    let isResized = header.width != width || header.height != height
    // Each step writes to where the next reads, the last to the destination: no copy without need.
    func place(
      _ scratch: ScratchBytes, isLast: Bool, channels: Int
    ) throws -> UnsafeMutablePointer<UInt8> {
      isLast ? destination : try scratch.pointer(to: pixelCount * channels, for: name)
    }
    var pixels = try place(
      stored, isLast: !isConverted && !isTurned && !isResized, channels: header.channels)
    let notes = try decodeStored(bytes, header, name: name, to: pixels)
    if isConverted {
      let next = try place(converted, isLast: !isTurned && !isResized, channels: channels)
      convertChannels(pixels, pixelCount: pixelCount, from: header.channels, to: next, channels)
      pixels = next
    }
    if isTurned {
      let next = try place(turned, isLast: !isResized, channels: channels)
      header.orientation.turn(
        pixels, width: header.storedWidth, height: header.storedHeight, channels: channels,
        to: next)
      pixels = next
    }
    if isResized {
      try resampler.resample(
        pixels, width: header.width, height: header.height, channels: channels, to: destination,
        width: width, height: height, reading.resizing)
    }
    return notes
  }

  private func decodeStored(
    _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String,
    to pixels: UnsafeMutablePointer<UInt8>
  ) throws -> Set<ImageNote> {
    switch header.format {
    case .jpeg: return try jpeg.decode(bytes, header, name: name, to: pixels)
    case .png: return try decodePNG(bytes, header, name: name, wide: wide, to: pixels)
    case .webp: return try decodeWebP(bytes, header, name: name, to: pixels)
    default: preconditionFailure("A header is of a format that is read.")
    }
  }

  /// Room for a decoded image, until the next call.
  package func outputBytes(count: Int, for place: String) throws -> UnsafeMutablePointer<UInt8> {
    try output.pointer(to: count, for: place)
  }
}
