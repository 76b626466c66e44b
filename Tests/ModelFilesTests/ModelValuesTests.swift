import Foundation
import Graphs
import Layers
import ModelFiles
import Tensors
import Testing

@Suite struct ModelValuesTests {
  /// A model of one dense layer, and the file of its values with changes.
  static func file(_ change: (inout [String: (Shape, [Float])]) -> Void) throws -> SafetensorsFile {
    var tensors: [String: (Shape, [Float])] = [
      "dense.weight": ([2, 3], [1, 2, 3, 4, 5, 6]), "dense.bias": ([3], [7, 8, 9]),
    ]
    change(&tensors)
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors { try writer.add(name, shape: tensor.0, floats: tensor.1) }
    return try SafetensorsFile(bytes: writer.bytes(), name: "w.safetensors")
  }

  static func model() throws -> Model { try Model(Dense(outputSize: 3), inputShape: [2]) }

  @Test func loadsValuesOnly() throws {
    var model = try Self.model()
    let result = try model.loadValues(from: Self.file { _ in })
    #expect(result.loaded == ["dense.weight", "dense.bias"])
    #expect(result.missing.isEmpty && result.unexpected.isEmpty)
    #expect(try model.value(of: "dense.weight").elements == [1, 2, 3, 4, 5, 6])
    #expect(try model(Tensor(shape: [1, 2], [1, 1])).elements == [12, 15, 18])
  }

  @Test func loadsTheFileOfAModel() throws {
    let folder = TemporaryFolder()
    let url = URL(filePath: folder.file("m.safetensors"))
    var model = try Self.model()
    try model.setValue(Tensor(shape: [3], [1, 2, 3]), of: "dense.bias")
    try model.save(to: url)
    var other = try Model(Dense(outputSize: 3), inputShape: [2], seed: 9)
    try other.loadValues(from: url)
    try expectSame(model, other)
  }

  @Test func namesEveryDifference() throws {
    var model = try Self.model()
    let before = model
    let file = try Self.file {
      $0["dense.weigth"] = $0.removeValue(forKey: "dense.weight")
      $0["dense.bias"] = ([4], [1, 2, 3, 4])
      $0["extra"] = ([], [1])
    }
    let error = #expect(throws: ModelFileError.self) { try model.loadValues(from: file) }
    #expect(
      error?.description
        == "w.safetensors: expected the 2 variables of the network, found 1 missing: "
        + "\"dense.weight\" [2, 3] (is it \"dense.weigth\"?); 2 unexpected: \"dense.weigth\" "
        + "[2, 3], \"extra\" []; 1 that differs: \"dense.bias\" is F32 [4], not floating-point "
        + "[3]. Load a file of this network.")
    try expectSame(model, before)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func refusesValuesThatAreNotFinite(
    value: Float
  ) throws {
    var model = try Self.model()
    let before = model
    let file = try Self.file { $0["dense.weight"] = ([2, 3], [1, 2, 3, 4, value, .nan]) }
    let error = #expect(throws: ModelFileError.self) { try model.loadValues(from: file) }
    #expect(error?.location == .tensor("dense.weight"))
    #expect(error?.found == "\(value) at [1, 1]")
    try expectSame(model, before)
    try model.loadValues(from: file, allowing: .notFinite)
    #expect(try model.value(of: "dense.weight").elements[3] == 4)
    // A model's own file.
    #expect(throws: ModelFileError.self) { try Model(fileBytes: model.fileBytes()) }
  }

  /// Other types are looked at as they are stored.
  @Test func findsWhatIsNotFiniteInEveryType() throws {
    let stored: [(SafetensorsElementType, [UInt8])] = [
      (.float16, [0, 0x7C]), (.bfloat16, [0x80, 0x7F]), (.float64, [0, 0, 0, 0, 0, 0, 0xF0, 0x7F]),
      // 1e300 is infinite as a Float.
      (.float64, withUnsafeBytes(of: 1e300.bitPattern.littleEndian) { Array($0) }),
    ]
    for (type, bytes) in stored {
      var writer = SafetensorsWriter()
      try writer.add("dense.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
      let zeros = [UInt8](repeating: 0, count: 2 * bytes.count)
      try writer.add("dense.bias", type, shape: [3], bytes: zeros + bytes)
      let file = try SafetensorsFile(bytes: writer.bytes(), name: "w")
      var model = try Self.model()
      let error = #expect(throws: ModelFileError.self) { try model.loadValues(from: file) }
      #expect(error?.found == "inf at [2]", "\(type)")
    }
  }

  @Test func allowsWhatIsAskedFor() throws {
    var model = try Self.model()
    let before = try model.value(of: "dense.weight")
    let less = try Self.file { $0["dense.weight"] = nil }
    #expect(throws: ModelFileError.self) { try model.loadValues(from: less) }
    #expect(throws: ModelFileError.self) {
      try model.loadValues(from: less, allowing: .unexpected)
    }
    #expect(try model.value(of: "dense.bias").elements == [0, 0, 0])
    let result = try model.loadValues(from: less, allowing: .missing)
    #expect(result.loaded == ["dense.bias"] && result.missing == ["dense.weight"])
    #expect(try model.value(of: "dense.bias").elements == [7, 8, 9])
    #expect(try model.value(of: "dense.weight") == before)

    let more = try Self.file { $0["extra"] = ([], [1]) }
    let error = #expect(throws: ModelFileError.self) {
      try model.loadValues(from: more, allowing: .missing)
    }
    #expect(error?.advice == "Load a file of this network, or allow the difference with allowing:.")
    #expect(try model.loadValues(from: more, allowing: .unexpected).unexpected == ["extra"])
    // A wrong shape is never allowed.
    let wrong = try Self.file { $0["dense.bias"] = ([1, 3], [1, 2, 3]) }
    #expect(throws: ModelFileError.self) {
      try model.loadValues(from: wrong, allowing: [.missing, .unexpected])
    }
  }

  @Test func convertsHalfPrecisionButNotIntegers() throws {
    var model = try Self.model()
    var writer = SafetensorsWriter()
    try writer.add("dense.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
    try writer.add("dense.bias", .float16, shape: [3], bytes: [0, 0x3C, 0, 0x40, 0, 0xC0])
    try model.loadValues(from: SafetensorsFile(bytes: writer.bytes()))
    #expect(try model.value(of: "dense.bias").elements == [1, 2, -2])
    var integers = SafetensorsWriter()
    try integers.add("dense.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
    try integers.add("dense.bias", shape: [3], integers: [1, 2, 3])
    let file = try SafetensorsFile(bytes: integers.bytes())
    let error = #expect(throws: ModelFileError.self) { try model.loadValues(from: file) }
    #expect(error?.found.contains("\"dense.bias\" is I32 [3], not floating-point [3]") == true)
  }

  @Test func copiesKeepTheirValues() throws {
    var model = try Self.model()
    let copy = model
    try model.loadValues(from: Self.file { _ in })
    #expect(try copy.value(of: "dense.bias").elements == [0, 0, 0])
  }

  @Test func aModelFileMustHoldItsOwnValues() throws {
    let file = try SafetensorsFile(bytes: Self.model().fileBytes())
    func bytes(_ tensors: [(String, Shape)]) throws -> [UInt8] {
      var writer = SafetensorsWriter(metadata: file.metadata)
      for (name, shape) in tensors { try writer.add(name, Tensor(zeros: shape)) }
      return try writer.bytes()
    }
    _ = try Model(fileBytes: bytes([("dense.weight", [2, 3]), ("dense.bias", [3])]))
    for tensors in [
      [("dense.weight", [2, 3])],
      [("dense.weight", [2, 3]), ("dense.bias", [3]), ("more", [1])],
      [("dense.weight", [3, 2]), ("dense.bias", [3])],
      [],
    ] as [[(String, Shape)]] {
      let bytes = try bytes(tensors)
      let error = #expect(throws: ModelFileError.self) { try Model(fileBytes: bytes) }
      #expect(error?.advice == "The file contradicts itself; save the model again.")
    }
  }
}
