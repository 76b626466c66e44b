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
  /// For sizes that the program chose; one that a file or a caller chose takes
  /// ``init(count:for:)``.
  ///
  /// - Precondition: the size in bytes fits `Int` and the system has the memory.
  public init(count: Int) {
    precondition(count >= 0)
    let size = max(count * MemoryLayout<Element>.stride, 64)
    guard let memory = Self.zeros(byteCount: size) else {
      preconditionFailure("No memory for a buffer of \(size) bytes.")
    }
    self.pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// Allocates `count` elements of zero bytes, if that much memory is available.
  ///
  /// - Parameters:
  ///   - count: How many elements; a negative number stands for more than can be told.
  ///   - purpose: What they are for, for the error: "the activations of 128 examples".
  /// - Throws: `MemoryError` if the machine, a control group or a limit does not leave as much.
  package init(count: Int, for purpose: @autoclosure () -> String) throws(MemoryError) {
    let (bytes, overflows) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let size = count < 0 || overflows ? Int.max : max(bytes, 64)
    try MemoryError.check(size, for: purpose())
    guard let memory = Self.zeros(byteCount: size) else {
      throw MemoryError(purpose: purpose(), byteCount: size, available: nil)
    }
    self.pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  private static func zeros(byteCount: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, byteCount) == 0, let memory else { return nil }
    memset(memory, 0, byteCount)
    return memory
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
