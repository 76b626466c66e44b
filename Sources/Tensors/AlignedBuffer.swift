#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A fixed number of elements at a 64-byte boundary, zero at first.
///
/// A reference to memory without a reader or writer of its own: who holds it decides who may touch
/// it when.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  public let pointer: UnsafeMutablePointer<Element>
  /// The number of elements.
  public let count: Int

  /// Allocates `count` elements of zero bytes.
  ///
  /// - Precondition: the size in bytes fits `Int` and the system has the memory.
  public init(count: Int) {
    precondition(count >= 0)
    let size = max(count * MemoryLayout<Element>.stride, 64)
    var memory: UnsafeMutableRawPointer?
    let status = posix_memalign(&memory, 64, size)
    guard status == 0, let memory else {
      preconditionFailure("No memory for a buffer of \(size) bytes.")
    }
    memset(memory, 0, size)
    self.pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  deinit {
    free(pointer)
  }

  /// All elements.
  public var elements: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }

  /// A buffer of its own with the same elements.
  public func copy() -> AlignedBuffer {
    let copy = AlignedBuffer(count: count)
    copy.pointer.update(from: pointer, count: count)
    return copy
  }
}
