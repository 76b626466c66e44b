import CImageCodecs
import Datasets

/// libjpeg-turbo's decoder.
final class JPEGDecoder {
  private let decoder: OpaquePointer
  /// The most pixels times scans: some seconds of work.
  ///
  /// A scan of a progressive file visits every pixel and may take a hundred bytes.
  private static let mostVisitedPixels = 1 << 31
  /// The most scans of small images; programs write about ten.
  private static let mostScans = 500

  init() throws {
    guard let decoder = codec_jpeg_create() else {
      throw DatasetError(noMemoryAt: "JPEG decoder", expected: "memory")
    }
    self.decoder = decoder
  }

  deinit {
    codec_jpeg_destroy(decoder)
  }

  /// Decodes into `height · width · channels` bytes, as stored; inks become red, green and blue.
  ///
  /// The library reports a file that ends early, or whose data do not add up, as a warning and fills
  /// the rest with grey; here that is an error, because half an image teaches a network wrongly. Stray
  /// bytes are a note: the image is whole.
  func decode(
    _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String,
    to destination: UnsafeMutablePointer<UInt8>
  ) throws -> Set<ImageNote> {
    let (width, height) = (header.storedWidth, header.storedHeight)
    let most = min(Self.mostScans, max(4, Self.mostVisitedPixels / (width * height)))
    var hasStrayBytes = false
    var message = [CChar](repeating: 0, count: Int(codec_message_size))
    let status = codec_jpeg_decode(
      decoder, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, UInt32(width),
      UInt32(height), UInt32(header.channels), UInt32(most), destination, &hasStrayBytes, &message)
    if status == codec_too_many_scans {
      throw DatasetError(
        .tooLarge, at: name, expected: "at most \(most) scans of \(width) × \(height) pixels",
        found: "more", advice: "save it anew from an image program, or remove it")
    }
    try check(status, message, format: .jpeg, name: name)
    return hasStrayBytes ? [.strayBytes] : []
  }
}
