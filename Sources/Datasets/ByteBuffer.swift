import Foundation
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

  /// Allocates `count` bytes.
  ///
  /// - Parameter place: Where the size comes from, for the error.
  /// - Throws: ``DatasetError`` if less memory than that is available.
  package init(count: Int, place: String) throws {
    // The look takes as long as touching some megabytes.
    let available = count < 16 << 20 ? nil : AvailableMemory.detected()
    guard count >= 0, count <= available?.byteCount ?? .max, let memory = calloc(max(count, 1), 1)
    else {
      throw DatasetError(
        noMemoryAt: place,
        expected: "data that fit into memory" + (available.map { ", \($0)" } ?? ""),
        found: AvailableMemory.text(count))
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
