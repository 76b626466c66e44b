import Datasets
import Tensors

/// Memory that grows as needed and is used again.
final class ScratchBytes {
  private var buffer: ByteBuffer?

  /// Room for `count` bytes.
  ///
  /// What was there before is lost.
  ///
  /// - Throws: `MemoryError`: no fault of the file.
  func pointer(
    to count: Int, for place: @autoclosure () -> String
  ) throws(MemoryError) -> UnsafeMutablePointer<UInt8> {
    if let buffer, buffer.count >= count { return buffer.pointer }
    buffer = nil
    do throws(MemoryError) {
      let larger = try ByteBuffer(count: count, for: "\(place()), decoding")
      buffer = larger
      return larger.pointer
    } catch {
      throw error.advising(decodingAdvice)
    }
  }
}

/// What to do where there is no memory to decode an image.
let decodingAdvice = "use fewer threads (--threads), smaller images, or a machine with more memory"
