import Glibc
import ModelFiles
import Tensors
import Testing

@Suite struct SafetensorsHostileTests {
  static let small: [UInt8] = safetensors(
    #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"I64","shape":[],"data_offsets":[8,16]},"#
      + #""e":{"dtype":"U8","shape":[0],"data_offsets":[8,8]},"#
      + #""t":{"dtype":"BOOL","shape":[1,2],"data_offsets":[16,18]}}  "#,
    data: [0, 0, 128, 63, 0, 0, 0, 64, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0])

  @Test func theSmallFileIsSound() throws {
    let file = try SafetensorsFile(bytes: Self.small)
    #expect(file.names == ["a", "b", "e", "t"])
    #expect(file.metadata == ["k": "v"])
    #expect(try file.floats(named: "a") == [1, 2])
    #expect(try file.integers(named: "b") == [7])
    #expect(try file.integers(named: "t") == [1, 0])
  }

  @Test func refusesEveryTruncation() throws {
    let folder = TemporaryFolder()
    for count in 0..<Self.small.count {
      let bytes = Array(Self.small.prefix(count))
      #expect(throws: ModelFileError.self, "\(count) bytes") { try SafetensorsFile(bytes: bytes) }
      if count % 16 == 0 {
        try AtomicFile.write(bytes, to: folder.file("cut"))
        let error = #expect(throws: ModelFileError.self) {
          try SafetensorsFile(path: folder.file("cut"))
        }
        #expect(error?.file == folder.file("cut"))
      }
    }
    #expect(throws: ModelFileError.self) { try SafetensorsFile(bytes: Self.small + [0]) }
  }

  @Test(arguments: [
    UInt64.max, UInt64(Int64.max), 1 << 63, 100_000_001, 10_000_000_000, 4096, 9, 1, 0,
  ])
  func refusesLengthsThatLie(length: UInt64) {
    #expect(throws: ModelFileError.self) {
      try SafetensorsFile(bytes: safetensors("{}", length: length))
    }
  }

  static func one(
    _ dtype: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]"
  ) -> String {
    #"{"a":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  /// Headers in front of eight bytes of data, and a part of the error's text.
  static let refused: [(String, String)] = [
    ("", "an empty header"),
    (" " + one(), "a header that starts with '{'"),
    ("[]", "a header that starts with '{'"),
    (one() + "x", "nothing after the value"),
    (one("F33"), "one of the element types F64, F32"),
    (one("f32"), "one of the element types F64, F32"),
    (one("F32", "[2.0]"), "an extent of 0 or more"),
    (one("F32", "[-2]"), "found -2"),
    (one("F32", "2"), "an array"),
    (one("F32", "[\"2\"]"), "an extent of 0 or more"),
    (one("F32", "[3]"), "12 bytes for F32 [3], found 8 bytes"),
    (one("F32", "[]"), "4 bytes for F32 []"),
    (one("F32", "[4611686018427387904,2]"), "a shape whose size fits 64 bits"),
    (one("F32", "[4611686018427387904]"), "a shape whose size fits 64 bits"),
    (one("F32", "[4611686018427387904,4,0]", "[0,0]"), "a shape whose size fits 64 bits"),
    (one("F32", "[4294967296,4294967296]", "[0,0]"), "a shape whose size fits 64 bits"),
    (one("F32", "[9223372036854775808]"), "an integer of at most 64 bits"),
    (one("F32", "[" + String(repeating: "1,", count: 64) + "2]"), "at most 64 numbers"),
    (one("F32", "[2]", "[0,8,8]"), "at most 2 numbers"),
    (one("F32", "[2]", "[8]"), "data_offsets [start, end]"),
    (one("F32", "[2]", "[]"), "data_offsets [start, end]"),
    (one("F32", "[2]", "[8,0]"), "start <= end"),
    (one("F32", "[2]", "[-8,0]"), "found -8"),
    (one("F32", "[2]", "[0,10000000000]"), "8 bytes for F32 [2], found 10000000000 bytes"),
    (one("F32", "[2500000000]", "[0,10000000000]"), "10000000000 bytes of data"),
    (one("F32", "[2]", "[8,16]"), "a gap, at 8"),
    (one("F32", "[2]", "[9223372036854775799,9223372036854775807]"), "a gap"),
    (one("F32", "[1]", "[0,4]"), "4 bytes of data after the header, found 8"),
    ("{}", "0 bytes of data after the header, found 8"),
    (#"{"a":1}"#, "an object"),
    (#"{"a":{}}"#, "no data_offsets"),
    (#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, "no shape"),
    (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, "dtype, shape and data_offsets"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":0}}"#,
      "only dtype, shape and data_offsets"
    ),
    (
      #"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      "each key once"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "\"a\" again"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "\"a\" again"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "a start before it, at 4"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      "a start before it, at 0"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "a gap, at 4"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""e":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}"#,
      "a start before it, at 4"
    ),
    (#"{"__metadata__":{"a":1}}"#, "a string as the value of metadata"),
    (#"{"__metadata__":null}"#, "an object"),
    (#"{"__metadata__":{"a":"x","a":"y"}}"#, "each key once"),
    (#"{"__metadata__":{},"__metadata__":{}}"#, "each key once"),
    (#"{"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}"#, "an extent of 0 or more"),
    ("{\"a\":" + String(repeating: "[", count: 1_000_000), "an object"),
    (String(repeating: "{\"a\":", count: 1_000_000), "only dtype"),
    ("{\"\u{1}\":0}", "control characters as escapes"),
  ]

  @Test(arguments: refused)
  func refuses(header: String, part: String) {
    let bytes = safetensors(header, data: [UInt8](repeating: 0, count: 8))
    let error = #expect(throws: ModelFileError.self) { try SafetensorsFile(bytes: bytes) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "no error")")
  }

  @Test func namesTheByteOfTheHeader() {
    let error = #expect(throws: ModelFileError.self) {
      try SafetensorsFile(bytes: safetensors(#"{"a":{"dtype":"F99"}}"#))
    }
    #expect(error?.location == .byte(8 + 14))
  }

  @Test func errorsCannotWriteToTheTerminal() {
    let header = Self.one("F32", "[3]").replacing("\"a\"", with: "\"\\u001b[31m\\u0007\"")
    let error = #expect(throws: ModelFileError.self) {
      try SafetensorsFile(bytes: safetensors(header, data: [UInt8](repeating: 0, count: 8)))
    }
    #expect(error?.description.contains("\u{1B}") == false)
    #expect(error?.description.contains(#""\u{1b}[31m\u{7}""#) == true)
  }

  @Test func readsASparseFileOfClaimsOnlyByItsHeader() throws {
    // 8 TB of holes behind a header that describes none of them.
    let folder = TemporaryFolder()
    let path = folder.file("sparse")
    try AtomicFile.write(safetensors("{}"), to: path)
    try #require(truncate(path, 8_000_000_000_000) == 0)
    let error = #expect(throws: ModelFileError.self) { try SafetensorsFile(path: path) }
    #expect(error?.expected == "0 bytes of data after the header")
  }

  /// Twenty thousand files that differ from sound ones in a few bytes: each is refused with a typed
  /// error, or is sound itself and can be read.
  @Test func survivesMutations() throws {
    var writer = SafetensorsWriter(metadata: ["classes": "[\"a\",\"b\"]", "format": "1"])
    try writer.add("dense/weights", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
    try writer.add("dense/bias", shape: [3], floats: [1, 2, 3])
    try writer.add("half", .float16, shape: [1, 2], bytes: [0, 60, 0, 64])
    try writer.add("labels", shape: [], integers: [-5])
    let sources = [Self.small, try writer.bytes()]
    let pieces = [
      "0", "-1", "9223372036854775807", "1e9", "[", "]", "{", "}", "\"", ",", ":", "\\u0000",
      "null",
      "F64", "\"dtype\"", "\"shape\"", " ", "\\",
    ].map { Array($0.utf8) }
    var random = RandomStream(seed: 1, purpose: .synthesis)
    var readable = 0
    for _ in 0..<20_000 {
      var bytes = sources[Int.random(in: 0..<2, using: &random)]
      for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes.remove(at: place)
        case 3: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
        case 4:
          let piece = pieces.randomElement(using: &random) ?? []
          bytes.replaceSubrange(place..<min(place + piece.count, bytes.count), with: piece)
        default:
          let other = Int.random(in: 0..<bytes.count, using: &random)
          bytes.removeSubrange(min(place, other)..<min(max(place, other), min(place, other) + 20))
        }
      }
      // Half of the files get a length that fits, so that the mutations reach the header's parser.
      if bytes.count > 8, Bool.random(using: &random), let end = bytes.lastIndex(of: 0x7D) {
        bytes.replaceSubrange(
          0..<8, with: withUnsafeBytes(of: UInt64(max(end - 7, 0)).littleEndian) { Array($0) })
      }
      do throws(ModelFileError) {
        let file = try SafetensorsFile(bytes: bytes)
        readable += 1
        for tensor in file.tensors {
          switch tensor.elementType {
          case .float64, .float32, .float16, .bfloat16:
            #expect(try file.floats(named: tensor.name).count == tensor.shape.count)
          case .boolean: do { _ = try file.integers(named: tensor.name) } catch {}
          default: #expect(try file.integers(named: tensor.name).count == tensor.shape.count)
          }
        }
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
    // Neither all nor none: mutations of the data leave a file sound.
    #expect((100..<19_000).contains(readable), "\(readable) files were sound.")
  }
}
