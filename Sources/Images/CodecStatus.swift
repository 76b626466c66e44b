import CImageCodecs
import Datasets
import Tensors

/// What to do about a damaged image file.
let damagedFileAdvice = "fetch the file again, save it anew from an image program, or remove it"

/// Throws what a decoder reports.
///
/// - Parameter message: The library's words, up to a zero.
func check(_ status: codec_status, _ message: [CChar], format: ImageFormat, name: String) throws {
  if status == codec_decoded { return }
  let bytes = message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
  let words = String(decoding: bytes, as: UTF8.self)
  if status == codec_out_of_memory {
    // How much the library wanted it does not say.
    throw MemoryError(
      purpose: "\(name), decoding", byteCount: 0, available: nil, advice: decodingAdvice)
  }
  if status == codec_unsupported {
    throw DatasetError(
      .unsupported, at: name, expected: "a \(format.name) file of a customary kind",
      found: "\"\(words)\"",
      advice: "save it anew from an image program, with 8 bits a channel")
  }
  throw DatasetError(
    status == codec_truncated ? .truncated : .malformed, at: name,
    expected: "an undamaged \(format.name) file", found: "\"\(words)\"", advice: damagedFileAdvice)
}
