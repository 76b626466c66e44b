import CImageCodecs
import Datasets

/// Decodes into `height · width · channels` bytes, as stored and without alpha.
///
/// Gamma, colour spaces and transparent colours change no pixel, as in Pillow. Values of 16 bits are
/// divided by 257, and rounded.
///
/// - Parameter wide: Room for the values of files with 16 bits.
func decodePNG(
  _ bytes: UnsafeRawBufferPointer, _ header: ImageHeader, name: String, wide: ScratchBytes,
  to destination: UnsafeMutablePointer<UInt8>
) throws -> Set<ImageNote> {
  let structure = try PNGStructure(of: PositionedBytes(bytes, name: name))
  let start = bytes.bindMemory(to: UInt8.self).baseAddress
  let spans = structure.parts.compactMap { part in
    start.map { codec_span(start: $0 + part.lowerBound, count: part.count) }
  }
  let count = header.storedWidth * header.storedHeight * header.channels
  let isWide = structure.bits == 16
  let target = isWide ? try wide.pointer(to: count * 2, for: name) : destination
  var message = [CChar](repeating: 0, count: Int(codec_message_size))
  let status = codec_png_decode(
    spans, spans.count, UInt32(header.storedWidth), UInt32(header.storedHeight),
    UInt32(header.channels), isWide ? 16 : 8, target, &message)
  try check(status, message, format: .png, name: name)
  var notes: Set<ImageNote> = structure.hasStrayBytes ? [.strayBytes] : []
  guard isWide else { return notes }
  let largest = target.withMemoryRebound(to: UInt16.self, capacity: count) {
    narrow($0, count: count, to: destination)
  }
  // One that is wholly black may be meant so.
  if largest > 0, largest < 1 << 12 { notes.insert(.fewBits) }
  return notes
}

/// Brings values of 16 bits to 8; returns the largest.
private func narrow(
  _ source: UnsafePointer<UInt16>, count: Int, to destination: UnsafeMutablePointer<UInt8>
) -> UInt16 {
  var largest: UInt16 = 0
  for index in 0..<count {
    let value = source[index]
    largest = max(largest, value)
    // value / 257, rounded; exact for all of them.
    destination[index] = UInt8(truncatingIfNeeded: (UInt32(value) * 255 + 32_895) >> 16)
  }
  return largest
}
