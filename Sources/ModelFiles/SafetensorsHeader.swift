import Tensors

/// What the first part of a safetensors file says: which tensors there are, and where they lie.
struct SafetensorsHeader {
  /// The largest header that the format allows, in bytes.
  static let maximumSize = 100_000_000
  /// The key of the metadata, which therefore no tensor can have.
  static let metadataKey = "__metadata__"
  private static let maximumRank = 64

  /// The tensors, in the order in which the header names them.
  private(set) var tensors: [SafetensorsFile.Entry] = []
  /// The metadata.
  private(set) var metadata: [String: String] = [:]

  /// Reads and checks a header.
  ///
  /// - Parameters:
  ///   - text: The header without the eight bytes of its length.
  ///   - dataCount: How many bytes follow it.
  ///   - file: The file's name for error messages.
  init(_ text: [UInt8], dataCount: Int, file: String) throws(ModelFileError) {
    guard text.first == UInt8(ascii: "{") else {
      throw ModelFileError(
        file: file, location: .byte(8), expected: "a header that starts with '{'",
        found: text.first.map { "the byte 0x\(String($0, radix: 16))" } ?? "an empty header",
        advice: "The file is not safetensors, or it is damaged; copy or save it again.")
    }
    var scanner = JSONScanner(text, maximumDepth: 3)
    do throws(JSONError) {
      try scanner.object { (scanner, name) throws(JSONError) in
        if name == Self.metadataKey {
          try scanner.object { (scanner, key) throws(JSONError) in
            metadata[key] = try scanner.string(named: "a string as the value of metadata")
          }
        } else {
          tensors.append(try Self.entry(named: name, from: &scanner))
        }
      }
      try scanner.end()
    } catch {
      throw ModelFileError(
        file: file, location: .byte(8 + error.offset), expected: error.expected,
        found: error.found,
        advice: "The header is damaged or was written by a faulty program; save the file again.")
    }
    for tensor in tensors { try Self.checkSize(of: tensor, file: file) }
    try checkTiling(dataCount: dataCount, file: file)
  }

  private static func entry(
    named name: String, from scanner: inout JSONScanner
  ) throws(JSONError) -> SafetensorsFile.Entry {
    var elementType: SafetensorsElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { (scanner, key) throws(JSONError) in
      switch key {
      case "dtype":
        _ = scanner.peek()
        let start = scanner.position
        let text = try scanner.string(named: "the name of an element type")
        elementType = SafetensorsElementType(rawValue: text)
        if elementType == nil {
          let names = SafetensorsElementType.allCases.map(\.rawValue).joined(separator: ", ")
          throw scanner.error(
            at: start, expected: "one of the element types \(names) for the tensor \(quoted(name))",
            found: quoted(text))
        }
      case "shape":
        shape = try extents(from: &scanner, limit: maximumRank, named: "an extent of 0 or more")
      case "data_offsets":
        offsets = try extents(from: &scanner, limit: 2, named: "an offset of 0 or more")
      default:
        throw scanner.error(
          expected: "only dtype, shape and data_offsets for the tensor \(quoted(name))",
          found: quoted(key))
      }
    }
    guard let elementType, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1]
    else {
      throw scanner.error(
        at: scanner.position - 1,
        expected:
          "dtype, shape and data_offsets [start, end] with start <= end for the tensor "
          + quoted(name),
        found: offsets.map { "data_offsets \($0)" + (shape == nil ? ", no shape" : "") }
          ?? "no data_offsets")
    }
    return SafetensorsFile.Entry(
      name: name, elementType: elementType, shape: Shape(shape),
      byteRange: offsets[0]..<offsets[1])
  }

  private static func extents(
    from scanner: inout JSONScanner, limit: Int, named name: String
  ) throws(JSONError) -> [Int] {
    var extents: [Int] = []
    try scanner.array { (scanner) throws(JSONError) in
      guard extents.count < limit else {
        throw scanner.error(expected: "at most \(limit) numbers", found: "more")
      }
      _ = scanner.peek()
      let start = scanner.position
      let extent = try scanner.integer(named: name)
      guard extent >= 0 else {
        throw scanner.error(at: start, expected: name, found: String(extent))
      }
      extents.append(extent)
    }
    return extents
  }

  /// Checks that a tensor's shape and element type take just the bytes that it is given.
  private static func checkSize(
    of tensor: SafetensorsFile.Entry, file: String
  ) throws(ModelFileError) {
    let needed = tensor.shape.checkedCount.flatMap { tensor.elementType.byteCount(ofElements: $0) }
    guard needed == tensor.byteRange.count else {
      throw ModelFileError(
        file: file, location: .tensor(tensor.name),
        expected: needed.map { "\($0) bytes for \(tensor.elementType.rawValue) \(tensor.shape)" }
          ?? "a shape whose size fits 64 bits",
        found: needed == nil ? "\(tensor.shape)" : "\(tensor.byteRange.count) bytes",
        advice: "The header contradicts itself; save the file again.")
    }
  }

  /// Checks that the tensors follow each other from the first byte of the data to the last, as the
  /// format demands: so no byte is hidden, and none belongs to two tensors.
  private func checkTiling(dataCount: Int, file: String) throws(ModelFileError) {
    var end = 0
    // Empty tensors come before the tensor that starts where they lie.
    let inOrder = tensors.sorted {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound)
        < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    for tensor in inOrder {
      guard tensor.byteRange.lowerBound == end else {
        throw ModelFileError(
          file: file, location: .tensor(tensor.name),
          expected: "data that starts where the tensor before it ends, at \(end)",
          found: "a \(tensor.byteRange.lowerBound < end ? "start before it" : "gap"), at "
            + String(tensor.byteRange.lowerBound),
          advice: "The header contradicts itself; save the file again.")
      }
      end = tensor.byteRange.upperBound
    }
    guard end == dataCount else {
      throw ModelFileError(
        file: file, expected: "\(end) bytes of data after the header", found: String(dataCount),
        advice: end > dataCount
          ? "The file was cut off; copy or save it again."
          : "Something was appended to the file; save it again.")
    }
  }
}
