import Datasets

/// Memory that grows as needed and is used again.
final class ScratchBytes {
  private var buffer: ByteBuffer?

  /// Room for `count` bytes.
  ///
  /// What was there before is lost.
  func pointer(to count: Int, for place: String) throws -> UnsafeMutablePointer<UInt8> {
    if let buffer, buffer.count >= count { return buffer.pointer }
    buffer = nil
    let larger = try ByteBuffer(count: count, place: place)
    buffer = larger
    return larger.pointer
  }
}
