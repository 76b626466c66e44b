import CJPEG
import Datasets

/// libjpeg-turbo's decoder.
final class JPEGDecoder {
  private let handle: tjhandle
  /// The most pixels times scans: some seconds of work.
  ///
  /// A scan of a progressive file visits every pixel and may take a hundred bytes.
  private static let mostVisitedPixels = 1 << 31

  init() throws {
    guard let handle = tjInitDecompress() else {
      throw DatasetError(
        .tooLarge, at: "JPEG decoder", expected: "memory", found: "none",
        advice: "close other programs")
    }
    self.handle = handle
  }

  deinit {
    tjDestroy(handle)
  }

  func header(of bytes: UnsafeRawBufferPointer, name: String) throws -> ImageHeader {
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = 0
    var colors: Int32 = 0
    let status = tjDecompressHeader3(
      handle, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), &width,
      &height, &subsampling, &colors)
    guard status == 0, width > 0, height > 0 else { throw failure(name) }
    let scanCount = jpegScanCount(of: bytes)
    guard scanCount <= max(4, Self.mostVisitedPixels / (Int(width) * Int(height))) else {
      throw DatasetError(
        .tooLarge, at: name,
        expected: "at most \(Self.mostVisitedPixels) pixels in all scans of a JPEG",
        found: "\(scanCount) scans of \(width) × \(height)",
        advice: "save it anew from an image program, or remove it")
    }
    guard colors != TJCS_CMYK.rawValue.signed, colors != TJCS_YCCK.rawValue.signed else {
      throw DatasetError(
        .unsupported, at: name, expected: "a JPEG in grey or RGB", found: "one in CMYK",
        advice: "convert it to RGB")
    }
    return ImageHeader(
      format: .jpeg, width: Int(width), height: Int(height),
      channels: colors == TJCS_GRAY.rawValue.signed ? 1 : 3,
      // At least two bits a block of 64 pixels; a quarter of that, to be on the safe side.
      minimumFileSize: Int(width) * Int(height) / 1024)
  }

  /// Decodes into `height · width · channels` bytes.
  ///
  /// The library reports a file that ends early, or whose data do not add up, as a warning and fills
  /// the rest with grey; here that is an error, because half an image teaches a network wrongly.
  func decode(
    _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String, channels: Int,
    to destination: UnsafeMutablePointer<UInt8>
  ) throws {
    let format = channels == 1 ? TJPF_GRAY : TJPF_RGB
    let status = tjDecompress2(
      handle, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt(bytes.count),
      destination, Int32(header.width), 0, Int32(header.height), format.rawValue,
      // Without the limit, a small progressive file can hold scans for minutes of work.
      TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING)
    guard status == 0 else { throw failure(name) }
  }

  private func failure(_ name: String) -> DatasetError {
    let message = tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown trouble"
    return DatasetError(
      message.contains("remature end") ? .truncated : .malformed, at: name,
      expected: "an undamaged JPEG file", found: "\"\(message)\"",
      advice: "fetch the file again, save it anew from an image program, or remove it")
  }
}

extension UInt32 {
  /// C's enumerations come unsigned, its functions take `int`.
  fileprivate var signed: Int32 { Int32(bitPattern: self) }
}
