public import Tensors

/// The tensors and the metadata of a safetensors file.
///
///     let file = try SafetensorsFile(path: "model.safetensors")
///     let weights = try file.floats(named: "dense/weights")
///
/// The format: https://github.com/huggingface/safetensors. The reader takes what the format allows
/// and nothing else: a header of at most 100 MB, no key twice, and tensors that cover the data
/// without a hole or an overlap. Every size is checked against the bytes present before memory is
/// taken by it.
///
/// The file is read into memory and not mapped: a mapped file that another program shortens ends
/// the program that reads it with SIGBUS, and one that is overwritten changes the model in use.
public struct SafetensorsFile: Sendable {
  /// What the header says about a tensor.
  public struct Entry: Sendable, Hashable {
    /// The tensor's name.
    public let name: String
    /// What its elements are.
    public let elementType: SafetensorsElementType
    /// Its extents, outermost first.
    public let shape: Shape
    /// Where it lies, in bytes from the end of the header.
    public let byteRange: Range<Int>
  }

  /// The file's path, or what the bytes were called.
  public let path: String
  /// The tensors, in the order of the header.
  public let tensors: [Entry]
  /// The metadata: texts under names.
  public let metadata: [String: String]
  private let indices: [String: Int]
  let data: FileContents

  /// Reads a file.
  ///
  /// - Throws: ``ModelFileError`` where the file cannot be read, or is not safetensors, or needs
  ///   more memory than there is.
  public init(path: String) throws(ModelFileError) {
    let file = try OpenFile(path: path)
    try self.init(name: path, count: file.count) { (buffer) throws(ModelFileError) in
      try file.read(into: buffer)
    }
    try file.checkEnd()
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameter name: What error messages call the bytes.
  /// - Throws: ``ModelFileError`` where the bytes are not safetensors.
  public init(bytes: [UInt8], name: String = "safetensors data") throws(ModelFileError) {
    var position = 0
    try self.init(name: name, count: bytes.count) { (buffer) in
      bytes.withUnsafeBytes {
        buffer.copyMemory(from: .init(rebasing: $0[position...].prefix(buffer.count)))
      }
      position += buffer.count
    }
  }

  /// Reads `count` bytes; `read` fills a buffer with the next of them.
  private init(
    name: String, count: Int,
    read: (UnsafeMutableRawBufferPointer) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    guard count >= 8 else {
      throw ModelFileError(
        file: name, location: .byte(0), expected: "the 8 bytes of the header's length",
        found: "\(count) bytes in all",
        advice: "The file is not safetensors, or it was cut off; copy or save it again.")
    }
    var length: UInt64 = 0
    let lengthBytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
    defer { lengthBytes.deallocate() }
    try read(lengthBytes)
    length = UInt64(littleEndian: lengthBytes.load(as: UInt64.self))
    guard length <= UInt64(count - 8), length <= UInt64(SafetensorsHeader.maximumSize) else {
      let limit = min(count - 8, SafetensorsHeader.maximumSize)
      throw ModelFileError(
        file: name, location: .byte(0), expected: "a header of at most \(limit) bytes",
        found: "the length \(length)",
        advice: "The file is not safetensors, or it was cut off; copy or save it again.")
    }
    let text = try Self.contents(count: Int(length), file: name, read)
    let dataCount = count - 8 - Int(length)
    let header = try SafetensorsHeader(Array(text.bytes), dataCount: dataCount, file: name)
    data = try Self.contents(count: dataCount, file: name, read)
    try SafetensorsChecksum.check(
      header: text.bytes, data: data.bytes, noted: header.metadata[SafetensorsChecksum.key],
      file: name)
    path = name
    tensors = header.tensors
    metadata = header.metadata
    indices = Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { ($0.element.name, $0.offset) })
  }

  private static func contents(
    count: Int, file: String,
    _ read: (UnsafeMutableRawBufferPointer) throws(ModelFileError) -> Void
  ) throws(ModelFileError) -> FileContents {
    guard let contents = try FileContents(count: count, fill: read) else {
      throw ModelFileError(
        file: file, expected: "\(count) bytes of memory", found: "less",
        advice: "Free memory, or use a machine with more of it.")
    }
    return contents
  }

  /// The names of the tensors, in the order of the header.
  public var names: [String] { tensors.map(\.name) }

  /// What the header says about the tensor of a name; nil where there is none.
  public subscript(name: String) -> Entry? {
    indices[name].map { tensors[$0] }
  }

  /// Calls `body` with the bytes of a tensor, which may lie at any address.
  ///
  /// - Throws: ``ModelFileError`` where there is no such tensor, and what `body` throws.
  public func withUnsafeBytes<Result>(
    ofTensor name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try withUnsafeBytes(of: entry(named: name), body)
  }

  func withUnsafeBytes<Result, Failure: Error>(
    of entry: Entry, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let result = try body(UnsafeRawBufferPointer(rebasing: data.bytes[entry.byteRange]))
    withExtendedLifetime(data) {}
    return result
  }

  func entry(named name: String) throws(ModelFileError) -> Entry {
    guard let entry = self[name] else {
      let known = names.prefix(8).map { quoted($0) }.joined(separator: ", ")
      throw ModelFileError(
        file: path, location: .tensor(name), expected: "a tensor of this name",
        found: known.isEmpty ? "no tensors" : known + (names.count > 8 ? ", …" : ""),
        advice: "Check the name, and whether this is the right file.")
    }
    return entry
  }
}
