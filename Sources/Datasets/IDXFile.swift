public import Foundation
public import Tensors

/// An array in the IDX format, the format of MNIST, plain or gzip.
///
/// The format: two zero bytes, the type of the elements, the number of dimensions; then every
/// extent as a big-endian 32-bit integer; then the elements in row-major order, big-endian, too
/// (http://yann.lecun.com/exdb/mnist). All of its types are read.
public struct IDXFile: Sendable {
  /// The types that the format knows.
  public enum ElementType: UInt8, Hashable, Sendable, CaseIterable {
    /// Numbers from 0 to 255, the usual type of images and labels.
    case unsignedByte = 0x08
    /// Numbers from -128 to 127.
    case signedByte = 0x09
    /// Signed, of 16 bits.
    case int16 = 0x0B
    /// Signed, of 32 bits: QMNIST's labels.
    case int32 = 0x0C
    /// Floating-point numbers of 32 bits.
    case float32 = 0x0D
    /// Floating-point numbers of 64 bits.
    case float64 = 0x0E

    /// The bytes of one element.
    public var byteCount: Int {
      switch self {
      case .unsignedByte, .signedByte: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }
  }

  /// The extents, outermost first: `[60000, 28, 28]`.
  public let shape: Shape
  /// The type of the elements.
  public let elementType: ElementType
  /// The file's path.
  public let name: String

  /// The elements as they are stored.
  package let buffer: ByteBuffer

  /// Reads a file, plain or gzip, whatever its name.
  ///
  /// - Throws: ``DatasetError`` if the file cannot be read, is no IDX file, or holds more or fewer
  ///   elements than its header says. No memory is taken on the word of the header alone.
  public init(contentsOf url: URL) throws {
    try self.init(DecompressingReader(contentsOf: url))
  }

  /// Reads from bytes in memory that stand for the file `name`.
  package init(bytes: [UInt8], name: String) throws {
    try self.init(DecompressingReader(bytes: bytes, name: name))
  }

  private init(_ reader: DecompressingReader) throws {
    let magic = try reader.bigEndian(what: "the IDX magic number")
    let rank = Int(magic & 0xFF)
    guard magic >> 16 == 0, let type = ElementType(rawValue: UInt8(truncatingIfNeeded: magic >> 8))
    else {
      throw DatasetError(
        .malformed, at: "\(reader.name), byte 0",
        expected: "an IDX magic number such as 0x00000803", found: hexadecimal(magic),
        advice: "check that this is an IDX file, plain or gzip")
    }
    guard rank >= 1, rank <= 8 else {
      throw DatasetError(
        .malformed, at: "\(reader.name), byte 3", expected: "1 to 8 dimensions", found: "\(rank)",
        advice: "check that this is an IDX file")
    }
    var extents: [Int] = []
    for dimension in 0..<rank {
      extents.append(Int(try reader.bigEndian(what: "dimension \(dimension)")))
    }
    let shape = Shape(extents)
    let size = shape.checkedCount.map { $0.multipliedReportingOverflow(by: type.byteCount) }
    guard let size, !size.overflow, size.partialValue > 0 else {
      throw DatasetError(
        .malformed, at: "\(reader.name), byte 4", expected: "a shape that holds elements",
        found: "\(shape)", advice: "check that this is an IDX file")
    }
    let what = "elements of \(shape)"
    try reader.checkRemainder(is: size.partialValue, what: what)
    let buffer = try ByteBuffer(count: size.partialValue, place: reader.name)
    try reader.read(exactlyInto: UnsafeMutableRawBufferPointer(buffer.bytes), what: what)
    try reader.expectEnd()
    self.shape = shape
    self.elementType = type
    self.name = reader.name
    self.buffer = buffer
  }

  /// A copy of the elements as they are stored: row-major, ``ElementType/byteCount`` bytes each, the
  /// highest first.
  public var bytes: [UInt8] { Array(buffer.bytes) }
}

extension DecompressingReader {
  /// Reads a big-endian 32-bit integer.
  fileprivate func bigEndian(what: String) throws -> UInt32 {
    var value: UInt32 = 0
    try withUnsafeMutableBytes(of: &value) { try read(exactlyInto: $0, what: what) }
    return UInt32(bigEndian: value)
  }
}

extension IDXFile.ElementType: CustomStringConvertible {
  /// What the elements are called.
  public var description: String {
    switch self {
    case .unsignedByte: "unsigned bytes"
    case .signedByte: "signed bytes"
    case .int16: "16-bit integers"
    case .int32: "32-bit integers"
    case .float32: "32-bit floating-point numbers"
    case .float64: "64-bit floating-point numbers"
    }
  }
}

private func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16, uppercase: true)
  return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
}
