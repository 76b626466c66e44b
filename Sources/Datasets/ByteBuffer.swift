import Foundation
package import Tensors
import Threads

/// A fixed number of bytes, zero at first, whose size comes from a file or from the number of its
/// examples.
///
/// Unlike `AlignedBuffer` it throws where there is no memory, and takes pages as they are written.
/// A reference to memory without a lock: who holds it decides who may touch it when.
package final class ByteBuffer: @unchecked Sendable {
  /// The first byte.
  package let pointer: UnsafeMutablePointer<UInt8>
  /// The number of bytes.
  package let count: Int

  /// Allocates `count` bytes of data.
  ///
  /// - Parameter place: Where the size comes from, for the error.
  /// - Throws: ``DatasetError`` if less memory than that is available.
  package convenience init(count: Int, place: String) throws(DatasetError) {
    do throws(MemoryError) {
      try self.init(count: count, for: place)
    } catch {
      let available = error.availableByteCount.map { ", \(AvailableMemory.text($0))" }
      throw DatasetError(
        noMemoryAt: place, expected: "data that fit into memory" + (available ?? ""),
        found: AvailableMemory.text(count))
    }
  }

  /// Allocates `count` bytes.
  ///
  /// - Parameter purpose: What they are for, for the error.
  /// - Throws: `MemoryError` if less memory than that is available.
  package init(count: Int, for purpose: @autoclosure () -> String) throws(MemoryError) {
    try MemoryError.check(count < 0 ? .max : count, for: purpose())
    guard let memory = calloc(max(count, 1), 1) else {
      throw MemoryError(purpose: purpose(), byteCount: count, available: nil)
    }
    self.pointer = memory.bindMemory(to: UInt8.self, capacity: max(count, 1))
    self.count = count
  }

  deinit {
    free(pointer)
  }

  /// All bytes.
  package var bytes: UnsafeMutableBufferPointer<UInt8> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}
