#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many scans a JPEG file has, by its markers; of a damaged one, those before the damage.
func jpegScanCount(of bytes: UnsafeRawBufferPointer) -> Int {
  let (startOfScan, endOfImage): (UInt8, UInt8) = (0xDA, 0xD9)
  var count = 0
  var position = 2
  while let marker = nextMarker(in: bytes, from: position) {
    let kind = bytes[marker + 1]
    if kind == endOfImage { break }
    if kind == startOfScan { count += 1 }
    position = marker + 2
    // Without a length stand the start of an image, the restarts, and 0x01.
    if kind == 0x01 || (0xD0...0xD8).contains(kind) { continue }
    guard position + 2 <= bytes.count else { break }
    position += max(2, Int(bytes[position]) << 8 | Int(bytes[position + 1]))
  }
  return count
}

/// Where the next marker stands: a byte 0xFF and one that is neither 0, which follows a 0xFF among
/// packed pixels, nor 0xFF, which fills.
private func nextMarker(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
  guard let base = bytes.baseAddress else { return nil }
  var position = start
  while position + 1 < bytes.count,
    let found = memchr(base + position, 0xFF, bytes.count - 1 - position)
  {
    position = UnsafeRawPointer(found) - base
    if bytes[position + 1] != 0, bytes[position + 1] != 0xFF { return position }
    position += 1
  }
  return nil
}
