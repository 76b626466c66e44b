public import Tensors

#if _endian(big)
#error("Tensors are written as they lie in memory, and safetensors is little-endian.")
#endif

/// Collects tensors and metadata and writes them as a safetensors file.
///
///     var writer = SafetensorsWriter(metadata: ["format": "1"])
///     try writer.add("dense/weights", weights)
///     try writer.write(to: "model.safetensors")
///
/// The same content gives the same bytes, in whatever order it was added: tensors lie by the size
/// of their elements, largest first (so that each starts at a multiple of it), then by the UTF-8
/// bytes of their names; metadata is sorted likewise; the header is padded with spaces to a
/// multiple of eight bytes. Nothing else, such as a time, is written.
public struct SafetensorsWriter: Sendable {
  private enum Elements: Sendable {
    case tensor(Tensor)
    case floats([Float])
    case integers([Int32])
    case bytes([UInt8])
    case buffer(AlignedBuffer<Float>, Range<Int>)
  }

  private struct Entry: Sendable {
    let elementType: SafetensorsElementType
    let shape: Shape
    let elements: Elements
    let byteCount: Int
  }

  /// Texts under names.
  public var metadata: [String: String]
  /// Whether the file bears the checksum of its own bytes, which every reader of ours verifies; see
  /// ``SafetensorsChecksum``.
  package var isChecksummed = false
  private var entries: [String: Entry] = [:]

  /// Creates a writer without tensors.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds a tensor of F32.
  ///
  /// - Throws: ``ModelFileError`` where the name is taken or reserved.
  public mutating func add(_ name: String, _ tensor: Tensor) throws(ModelFileError) {
    try add(name, .float32, tensor.shape, .tensor(tensor), count: tensor.count * 4)
  }

  /// Adds a tensor of F32 from its elements in row-major order.
  ///
  /// - Precondition: there are `shape.count` elements.
  /// - Throws: ``ModelFileError`` where the name is taken or reserved.
  public mutating func add(
    _ name: String, shape: Shape, floats: [Float]
  ) throws(ModelFileError) {
    try add(name, .float32, shape, .floats(floats), count: floats.count * 4)
  }

  /// Adds a tensor of I32 from its elements in row-major order.
  ///
  /// - Precondition: there are `shape.count` elements.
  /// - Throws: ``ModelFileError`` where the name is taken or reserved.
  public mutating func add(
    _ name: String, shape: Shape, integers: [Int32]
  ) throws(ModelFileError) {
    try add(name, .int32, shape, .integers(integers), count: integers.count * 4)
  }

  /// Adds a tensor of any type from its bytes: little-endian elements in row-major order.
  ///
  /// - Precondition: there are as many bytes as `shape.count` elements take.
  /// - Throws: ``ModelFileError`` where the name is taken or reserved.
  public mutating func add(
    _ name: String, _ elementType: SafetensorsElementType, shape: Shape, bytes: [UInt8]
  ) throws(ModelFileError) {
    try add(name, elementType, shape, .bytes(bytes), count: bytes.count)
  }

  /// Adds a tensor of F32 that is a part of a buffer, without a copy: the elements must stay as they
  /// are until the file is written.
  ///
  /// - Throws: ``ModelFileError`` where the name is taken or reserved.
  package mutating func add(
    _ name: String, shape: Shape, buffer: AlignedBuffer<Float>, offset: Int
  ) throws(ModelFileError) {
    let range = offset..<offset + shape.count
    precondition(offset >= 0 && range.upperBound <= buffer.count)
    try add(name, .float32, shape, .buffer(buffer, range), count: range.count * 4)
  }

  private mutating func add(
    _ name: String, _ elementType: SafetensorsElementType, _ shape: Shape, _ elements: Elements,
    count: Int
  ) throws(ModelFileError) {
    precondition(
      shape.checkedCount.flatMap { elementType.byteCount(ofElements: $0) } == count,
      "The tensor \(quoted(name)) of \(elementType.rawValue) \(shape) was given \(count) bytes.")
    guard name != SafetensorsHeader.metadataKey, entries[name] == nil else {
      throw ModelFileError(
        file: "safetensors data", location: .tensor(name),
        expected: "names that are unique and not \(SafetensorsHeader.metadataKey)",
        found: quoted(name) + (entries[name] == nil ? "" : " again"),
        advice: "Give the tensor another name.")
    }
    entries[name] = Entry(
      elementType: elementType, shape: shape, elements: elements, byteCount: count)
  }

  /// Writes the file, in place of one that is there; see ``AtomicFile``.
  ///
  /// - Throws: ``ModelFileError`` where the file cannot be written; an old file is then as it was.
  public func write(
    to path: String, writing: FileWriting = .atomic
  ) throws(ModelFileError) {
    let names = namesInOrder
    let header = try checksummedHeader(for: names, file: path)
    let size = entries.values.reduce(header.count) { $0 + $1.byteCount }
    try AtomicFile.write(to: path, expectedSize: size, writing: writing) {
      (file) throws(ModelFileError) in
      try file.write(header)
      for name in names {
        guard let entry = entries[name] else { continue }
        try Self.withUnsafeBytes(of: entry.elements) { (bytes) throws(ModelFileError) in
          try file.write(bytes)
        }
      }
    }
  }

  /// The bytes of the file.
  ///
  /// - Throws: ``ModelFileError`` where the names and metadata do not fit the header's limit of
  ///   100 MB.
  public func bytes() throws(ModelFileError) -> [UInt8] {
    let names = namesInOrder
    var result = try checksummedHeader(for: names, file: "safetensors data")
    for name in names {
      guard let entry = entries[name] else { continue }
      Self.withUnsafeBytes(of: entry.elements) { result.append(contentsOf: $0) }
    }
    return result
  }

  /// How many bytes the file has.
  ///
  /// - Throws: ``ModelFileError`` as ``bytes()``.
  package func byteCount() throws(ModelFileError) -> Int {
    let header = try header(for: namesInOrder, file: "safetensors data")
    return entries.values.reduce(header.count) { $0 + $1.byteCount }
  }

  /// The header with the checksum of the file, if it bears one.
  private func checksummedHeader(
    for names: [String], file: String
  ) throws(ModelFileError) -> [UInt8] {
    var header = try header(for: names, file: file)
    guard isChecksummed else { return header }
    var checksum = SafetensorsChecksum()
    header.withUnsafeBytes { checksum.add($0) }
    for name in names {
      guard let entry = entries[name] else { continue }
      Self.withUnsafeBytes(of: entry.elements) { checksum.add($0) }
    }
    checksum.put(into: &header)
    return header
  }

  private var namesInOrder: [String] {
    entries.sorted { left, right in
      left.value.elementType.size != right.value.elementType.size
        ? left.value.elementType.size > right.value.elementType.size
        : precedes(left.key, right.key)
    }.map(\.key)
  }

  /// The length and the text of the header.
  private func header(for names: [String], file: String) throws(ModelFileError) -> [UInt8] {
    var text = "{"
    if !metadata.isEmpty || isChecksummed {
      writeJSONString(SafetensorsHeader.metadataKey, to: &text)
      text += ":" + JSONValue.object(metadataObject).canonicalText
    }
    var start = 0
    for name in names {
      guard let entry = entries[name] else { continue }
      if text.utf8.count > 1 { text += "," }
      writeJSONString(name, to: &text)
      let extents = entry.shape.dimensions.map(String.init).joined(separator: ",")
      text += ":{\"dtype\":\"\(entry.elementType.rawValue)\",\"shape\":[\(extents)],"
      text += "\"data_offsets\":[\(start),\(start + entry.byteCount)]}"
      start += entry.byteCount
    }
    text += "}"
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    guard text.utf8.count <= SafetensorsHeader.maximumSize else {
      throw ModelFileError(
        file: file,
        expected: "names and metadata of at most \(SafetensorsHeader.maximumSize) bytes",
        found: "\(text.utf8.count) bytes", advice: "Shorten the metadata.")
    }
    var bytes = Swift.withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Array($0) }
    bytes.append(contentsOf: text.utf8)
    return bytes
  }

  private var metadataObject: JSONObject {
    var object = JSONObject()
    for (key, value) in metadata { object[key] = .string(value) }
    if isChecksummed {
      object[SafetensorsChecksum.key] = .string(SafetensorsChecksum.placeholder)
    }
    return object
  }

  private static func withUnsafeBytes<Failure: Error>(
    of elements: Elements, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    // The standard library's own accessors do not carry a typed error, so it is carried around them.
    var result: Result<Void, Failure> = .success(())
    func run(_ bytes: UnsafeRawBufferPointer) {
      do throws(Failure) { try body(bytes) } catch { result = .failure(error) }
    }
    switch elements {
    case .tensor(let tensor): tensor.withUnsafeElements { run(UnsafeRawBufferPointer($0)) }
    case .floats(let floats): floats.withUnsafeBytes(run)
    case .integers(let integers): integers.withUnsafeBytes(run)
    case .bytes(let bytes): bytes.withUnsafeBytes(run)
    case .buffer(let buffer, let range):
      withExtendedLifetime(buffer) {
        run(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer.elements[range])))
      }
    }
    try result.get()
  }
}
