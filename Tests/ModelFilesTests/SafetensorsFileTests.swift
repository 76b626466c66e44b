import Glibc
import ModelFiles
import Tensors
import Testing

/// The bytes of a file with the given header text and data.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) }
    + Array(header.utf8) + data
}

/// The little-endian bytes of numbers.
func littleEndianBytes<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] {
  elements.withUnsafeBytes { Array($0) }
}

@Suite struct SafetensorsFileTests {
  @Test func readsWhatTheWriterWrote() throws {
    var writer = SafetensorsWriter(metadata: ["classes": "[\"ä\",\"b\"]", "": "\"\n\u{1F600}"])
    let weights = Tensor(shape: [2, 3], [1, -2, .infinity, .nan, 0, -0.0])
    try writer.add("dense/weights", weights)
    try writer.add("scalar", shape: [], floats: [3.5])
    try writer.add("empty", shape: [3, 0, 2], floats: [])
    try writer.add("labels", shape: [4], integers: [1, -1, .max, .min])
    for type in SafetensorsElementType.allCases {
      let bytes = (0..<3 * type.size).map { UInt8($0 % 2) }
      try writer.add("all/\(type.rawValue)", type, shape: [3, 1], bytes: bytes)
    }
    let folder = TemporaryFolder()
    let path = folder.file("model.safetensors")
    try writer.write(to: path)
    for file in [try SafetensorsFile(path: path), try SafetensorsFile(bytes: writer.bytes())] {
      #expect(file.metadata == writer.metadata)
      #expect(file.names.count == 14)
      let read = try file.tensor(named: "dense/weights")
      #expect(read.shape == [2, 3])
      #expect(read.elements.map(\.bitPattern) == weights.elements.map(\.bitPattern))
      #expect(try file.floats(named: "scalar") == [3.5])
      #expect(file["scalar"]?.shape == [])
      #expect(try file.floats(named: "empty").isEmpty)
      #expect(try file.tensor(named: "empty").shape == [3, 0, 2])
      #expect(try file.integers(named: "labels") == [1, -1, Int(Int32.max), Int(Int32.min)])
      #expect(file["none"] == nil)
      for type in SafetensorsElementType.allCases {
        let name = "all/\(type.rawValue)"
        #expect(file[name]?.elementType == type)
        let bytes = try file.withUnsafeBytes(ofTensor: name) { Array($0) }
        #expect(bytes == (0..<3 * type.size).map { UInt8($0 % 2) })
      }
    }
    #expect(try contents(of: path) == writer.bytes())
    #expect(folder.names == ["model.safetensors"])
  }

  @Test func convertsElements() throws {
    var writer = SafetensorsWriter()
    try writer.add(
      "double", .float64, shape: [3],
      bytes: littleEndianBytes([0.1, 1e300, -1e-300] as [Double]))
    // 1, -2, the largest, the smallest normal, the smallest, infinity, minus zero.
    let half: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001, 0x7C00, 0x8000]
    try writer.add("half", .float16, shape: [7], bytes: littleEndianBytes(half))
    try writer.add(
      "brain", .bfloat16, shape: [3],
      bytes: littleEndianBytes([0x3F80, 0xC040, 0x7F80] as [UInt16]))
    try writer.add("long", .int64, shape: [2], bytes: littleEndianBytes([Int64.min, 5]))
    try writer.add("short", .int16, shape: [2], bytes: littleEndianBytes([Int16.min, 5]))
    try writer.add("signed", .int8, shape: [2], bytes: [0x80, 0x7F])
    try writer.add("unsigned", .uint8, shape: [2], bytes: [0x80, 0x7F])
    try writer.add("truth", .boolean, shape: [2], bytes: [1, 0])
    try writer.add("untrue", .boolean, shape: [2], bytes: [1, 2])
    let file = try SafetensorsFile(bytes: writer.bytes())
    #expect(try file.floats(named: "double") == [0.1, .infinity, -0.0])
    #expect(
      try file.floats(named: "half") == [1, -2, 65504, 0x1p-14, 0x1p-24, .infinity, -0.0])
    #expect(try file.floats(named: "half").last?.sign == .minus)
    #expect(try file.floats(named: "brain") == [1, -3, .infinity])
    #expect(try file.integers(named: "long") == [.min, 5])
    #expect(try file.integers(named: "short") == [-32768, 5])
    #expect(try file.integers(named: "signed") == [-128, 127])
    #expect(try file.integers(named: "unsigned") == [128, 127])
    #expect(try file.integers(named: "truth") == [1, 0])
    let error = #expect(throws: ModelFileError.self) { try file.integers(named: "untrue") }
    #expect(error?.location == .tensor("untrue"))
    #expect(error?.found == "2 at index 1")
  }

  @Test func convertsEveryHalfPrecisionNumber() throws {
    let bits = (0...UInt16.max).map { $0 }
    var writer = SafetensorsWriter()
    try writer.add("half", .float16, shape: [bits.count], bytes: littleEndianBytes(bits))
    let floats = try SafetensorsFile(bytes: writer.bytes()).floats(named: "half")
    for (bits, float) in zip(bits, floats) {
      let exponent = Int(bits >> 10) & 31
      let fraction = Float(bits & 0x3FF)
      let sign: Float = bits >> 15 == 0 ? 1 : -1
      switch exponent {
      case 31: #expect(fraction == 0 ? float == sign * .infinity : float.isNaN)
      case 0: #expect(float == sign * fraction / 16_777_216)
      default:
        #expect(
          float == sign * (1 + fraction / 1024)
            * Float(sign: .plus, exponent: exponent - 15, significand: 1))
      }
    }
  }

  @Test func namesWhatIsMissingOrOfAnotherType() throws {
    var writer = SafetensorsWriter()
    try writer.add("w", shape: [1], floats: [1])
    try writer.add("n", shape: [1], integers: [1])
    let file = try SafetensorsFile(bytes: writer.bytes(), name: "m.safetensors")
    var error = #expect(throws: ModelFileError.self) { try file.floats(named: "b") }
    #expect(
      error?.description
        == "m.safetensors, tensor \"b\": expected a tensor of this name, found \"n\", \"w\". "
        + "Check the name, and whether this is the right file.")
    error = #expect(throws: ModelFileError.self) { try file.floats(named: "n") }
    #expect(error?.expected == "floating-point numbers")
    error = #expect(throws: ModelFileError.self) { try file.integers(named: "w") }
    #expect(error?.found == "F32")
    let copy = Array(repeating: Float(0), count: 1)
    error = copy.withUnsafeBufferPointer { copy in
      #expect(throws: ModelFileError.self) {
        try file.copyFloats(
          named: "w", shape: [1, 1], to: UnsafeMutableBufferPointer(mutating: copy))
      }
    }
    #expect(error?.expected == "the shape [1, 1]")
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = TemporaryFolder()
    var error = #expect(throws: ModelFileError.self) {
      try SafetensorsFile(path: folder.file("none"))
    }
    #expect(error?.systemError == ENOENT)
    #expect(error?.description.contains("No such file or directory") == true)
    error = #expect(throws: ModelFileError.self) { try SafetensorsFile(path: folder.path) }
    #expect(error?.found == "a folder")
    error = #expect(throws: ModelFileError.self) { try SafetensorsFile(path: "/dev/zero") }
    #expect(error?.found == "a device or a pipe")
    // Must not wait for someone to write into it.
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    error = #expect(throws: ModelFileError.self) { try SafetensorsFile(path: folder.file("pipe")) }
    #expect(error?.found == "a device or a pipe")
    #expect(throws: ModelFileError.self) { try SafetensorsFile(path: "") }
    #expect(throws: ModelFileError.self) { try SafetensorsFile(path: "a\0b") }
  }
}
