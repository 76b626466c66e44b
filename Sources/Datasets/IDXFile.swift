public import Foundation
public import Tensors

/// An array of bytes in the IDX format, the format of MNIST, plain or gzip.
///
/// The format: two zero bytes, the type of the elements, the number of dimensions; then every
/// extent as a big-endian 32-bit integer; then the elements in row-major order
/// (http://yann.lecun.com/exdb/mnist). Unsigned bytes are read, the type of images and labels.
public struct IDXFile: Sendable {
  /// The extents, outermost first: `[60000, 28, 28]`.
  public let shape: Shape
  /// The file's path.
  public let name: String

  package let buffer: ByteBuffer

  /// Reads a file, plain or gzip, whatever its name.
  ///
  /// - Throws: ``DatasetError`` if the file cannot be read, is no IDX file of unsigned bytes, or
  ///   holds more or fewer elements than its header says. No memory is taken on the word of the
  ///   header alone.
  public init(contentsOf url: URL) throws {
    try self.init(DecompressingReader(contentsOf: url))
  }

  /// Reads from bytes in memory that stand for the file `name`.
  package init(bytes: [UInt8], name: String) throws {
    try self.init(DecompressingReader(bytes: bytes, name: name))
  }

  private init(_ reader: DecompressingReader) throws {
    let magic = try reader.bigEndian(what: "the IDX magic number")
    let type = UInt8(truncatingIfNeeded: magic >> 8)
    let rank = Int(magic & 0xFF)
    guard magic >> 16 == 0, let typeName = elementTypeNames[type] else {
      throw DatasetError(
        .malformed, at: "\(reader.name), byte 0",
        expected: "an IDX magic number such as 0x00000803", found: hexadecimal(magic),
        advice: "check that this is an IDX file, plain or gzip")
    }
    guard type == 0x08 else {
      throw DatasetError(
        .unsupported, at: "\(reader.name), byte 2", expected: "unsigned bytes (type 0x08)",
        found: "\(typeName) (type \(hexadecimal(UInt32(type))))",
        advice: "store images and labels as unsigned bytes")
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
    guard let count = shape.checkedCount, count > 0 else {
      throw DatasetError(
        .malformed, at: "\(reader.name), byte 4", expected: "a shape that holds elements",
        found: "\(shape)", advice: "check that this is an IDX file")
    }
    let what = "elements of \(shape)"
    try reader.checkRemainder(is: count, what: what)
    let buffer = try ByteBuffer(count: count, place: reader.name)
    try reader.read(exactlyInto: UnsafeMutableRawBufferPointer(buffer.bytes), what: what)
    try reader.expectEnd()
    self.shape = shape
    self.name = reader.name
    self.buffer = buffer
  }

  /// A copy of the elements in row-major order.
  public var elements: [UInt8] { Array(buffer.bytes) }
}

extension ByteImageDataset {
  /// Creates a data set from a file of images, `[count, height, width]` or
  /// `[count, height, width, channels]`, and a file of labels, `[count]`.
  ///
  /// - Parameter classNames: The names of the classes; by default the numbers up to the largest
  ///   label.
  /// - Throws: ``DatasetError`` if the shapes are others, the counts differ, or a label has no name.
  public init(images: IDXFile, labels: IDXFile, classNames: [String]? = nil) throws {
    let rank = images.shape.rank
    guard rank == 3 || rank == 4 else {
      throw DatasetError(
        .mismatched, at: images.name, expected: "images: 3 or 4 dimensions",
        found: "shape \(images.shape)", advice: "give the file of images")
    }
    guard labels.shape.rank == 1 else {
      throw DatasetError(
        .mismatched, at: labels.name, expected: "labels: 1 dimension",
        found: "shape \(labels.shape)", advice: "give the file of labels")
    }
    guard labels.shape[0] == images.shape[0] else {
      throw DatasetError(
        .mismatched, at: labels.name,
        expected: "\(images.shape[0]) labels, as many as images in \(images.name)",
        found: "\(labels.shape[0])", advice: "check that the two files belong together")
    }
    var imageShape = Array(images.shape.dimensions.dropFirst())
    if rank == 3 { imageShape.append(1) }
    let labels = labels.buffer.bytes.map(Int32.init)
    try self.init(
      pixels: images.buffer, imageShape: Shape(imageShape), labels: labels,
      classNames: classNames ?? numberedClasses(upTo: labels.max() ?? 0), place: images.name)
  }
}

/// The names `"0"`, `"1"` and so on up to the label.
func numberedClasses(upTo label: Int32) -> [String] {
  (0...label).map(String.init)
}

extension DecompressingReader {
  /// Reads a big-endian 32-bit integer.
  fileprivate func bigEndian(what: String) throws -> UInt32 {
    var value: UInt32 = 0
    try withUnsafeMutableBytes(of: &value) { try read(exactlyInto: $0, what: what) }
    return UInt32(bigEndian: value)
  }
}

/// The types that the format knows.
private let elementTypeNames: [UInt8: String] = [
  0x08: "unsigned bytes", 0x09: "signed bytes", 0x0B: "16-bit integers", 0x0C: "32-bit integers",
  0x0D: "32-bit floating-point numbers", 0x0E: "64-bit floating-point numbers",
]

private func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16, uppercase: true)
  return "0x" + String(repeating: "0", count: max(0, (value > 0xFF ? 8 : 2) - digits.count))
    + digits
}
