import CWebP
import Datasets

/// Decodes into `height · width · 3` bytes, as stored and without alpha.
///
/// - Returns: What is odd about the file.
func decodeWebP(
  _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String,
  to destination: UnsafeMutablePointer<UInt8>
) throws -> Set<ImageNote> {
  var configuration = WebPDecoderConfig()
  guard WebPInitDecoderConfig(&configuration) != 0 else {
    throw DatasetError(
      .unsupported, at: name, expected: "the libwebp that this program was built with",
      found: "one that does not fit it", advice: "install libwebp anew")
  }
  let start = bytes.bindMemory(to: UInt8.self).baseAddress
  // What is behind the chunks' sizes is the library's matter; that both see the same image is ours.
  guard WebPGetFeatures(start, bytes.count, &configuration.input) == VP8_STATUS_OK,
    Int(configuration.input.width) == header.storedWidth,
    Int(configuration.input.height) == header.storedHeight
  else {
    throw DatasetError(
      .malformed, at: name, expected: "an undamaged WebP file",
      found: "sizes that contradict each other", advice: damagedFileAdvice)
  }
  let rowSize = header.storedWidth * 3
  configuration.output.colorspace = MODE_RGB
  configuration.output.is_external_memory = 1
  configuration.output.u.RGBA.rgba = destination
  configuration.output.u.RGBA.stride = Int32(rowSize)
  configuration.output.u.RGBA.size = rowSize * header.storedHeight
  defer { WebPFreeDecBuffer(&configuration.output) }
  let status = WebPDecode(start, bytes.count, &configuration)
  let (kind, words): (DatasetError.Kind, String)
  switch status {
  case VP8_STATUS_OK:
    return WebPStructure.size(of: bytes) < bytes.count ? [.strayBytes] : []
  case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED:
    (kind, words) = (.truncated, "data that end before the image does")
  case VP8_STATUS_OUT_OF_MEMORY:
    throw DatasetError(noMemoryAt: name, expected: "memory to decode it")
  case VP8_STATUS_UNSUPPORTED_FEATURE:
    (kind, words) = (.unsupported, "a feature that libwebp lacks")
  default: (kind, words) = (.malformed, "data that do not add up")
  }
  throw DatasetError(
    kind, at: name, expected: "an undamaged WebP file", found: words, advice: damagedFileAdvice)
}
