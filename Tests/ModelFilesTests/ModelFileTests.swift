import Foundation
import Graphs
import Layers
import ModelFiles
import Tensors
import Testing

@Suite struct ModelFileTests {
  @Test(arguments: Preset.allCases)
  func everyPresetSurvivesItsFile(preset: Preset) throws {
    let shape = preset.defaultInputShape
    var model = try Model(
      preset.network(inputShape: shape, classCount: 7), inputShape: shape, seed: 11)
    model.metadata = ModelMetadata(classNames: (0..<7).map { "c\($0)" }, name: preset.rawValue)
    let bytes = try model.fileBytes()
    let copy = try Model(fileBytes: bytes)
    try expectSame(model, copy)
    #expect(try copy.fileBytes() == bytes)
    #expect(copy.summary == model.summary)
    let x = examples(Shape([2] + shape.dimensions))
    let (before, after) = (try model(x), try copy(x))
    #expect(bits(before) == bits(after))
  }

  @Test func severalInputsAndOutputsSurvive() throws {
    let model = try Siamese.model()
    let copy = try Model(fileBytes: model.fileBytes())
    try expectSame(model, copy)
    let fed = ["left": examples([3, 6]), "right": examples([3, 6])]
    let (before, after) = (try model.predict(fed), try copy.predict(fed))
    #expect(before.keys.sorted() == ["distance", "logits"])
    for (name, value) in before { #expect(bits(value) == after[name].map(bits)) }
    #expect(model.variables.map(\.name).filter { $0.hasPrefix("shared.") }.count == 2)
  }

  @Test func mostLayersSurvive() throws {
    let model = try smallImageModel()
    let copy = try Model(fileBytes: model.fileBytes())
    try expectSame(model, copy)
    #expect(copy.metadata.classNames == ["a", "b\"\n", "ç"])
    let x = examples([2, 6, 6, 2])
    let (before, after) = (try model(x), try copy(x))
    #expect(bits(before) == bits(after))
  }

  @Test func bareGraphsSurvive() throws {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 2])
    let w = builder.variable("w", shape: [2, 3], initializer: .constant(-0.0))
    let b = builder.variable(
      "b", shape: [], initializer: .constant(Float.leastNonzeroMagnitude), isTrainable: false)
    let unused = builder.variable("unused", shape: [2], initializer: .ones)
    let y = maximum(matmul(x, w) * 0.1 + b, builder.constant(-0.0)) / 3e38
    let model = try Model(outputs: ["y": y, "x": x, "unused": unused])
    let copy = try Model(fileBytes: model.fileBytes())
    try expectSame(model, copy)
    let fed = ["x": examples([2, 2])]
    let (before, after) = (try model.predict(fed), try copy.predict(fed))
    #expect(before.mapValues(bits) == after.mapValues(bits))
  }

  @Test func everyBitPatternSurvives() throws {
    var model = try Model(Dense(outputSize: 4), inputShape: [2])
    let patterns: [UInt32] = [
      0x7F80_0001, 0x7FC0_1234, 0xFFFF_FFFF, 0x0000_0001, 0x8000_0000, 0x807F_FFFF, 0x7F80_0000,
      0xFF80_0000,
    ]
    try model.setValue(
      Tensor(shape: [2, 4], patterns.map { Float(bitPattern: $0) }), of: "dense.weight")
    var copy = try Model(Dense(outputSize: 4), inputShape: [2])
    try copy.loadValues(
      from: SafetensorsFile(bytes: model.fileBytes()), allowing: .notFinite)
    let value = try copy.value(of: "dense.weight")
    #expect(bits(value) == patterns)
  }

  @Test func theSameModelGivesTheSameBytes() throws {
    let folder = TemporaryFolder()
    let urls = ["a", "b"].map { URL(filePath: folder.file($0)) }
    try smallImageModel().save(to: urls[0])
    try smallImageModel().save(to: urls[1])
    let bytes = contents(of: folder.file("a"))
    #expect(bytes != nil && bytes == contents(of: folder.file("b")))
    #expect(try smallImageModel().fileBytes() == bytes)
    try expectSame(smallImageModel(), Model(contentsOf: urls[0]))
    // Nothing of the job is in it.
    let text = String(decoding: bytes ?? [], as: UTF8.self)
    #expect(!text.contains(folder.path) && !text.contains("thread") && !text.contains("seed"))
  }

  @Test func theFileIsPlainSafetensors() throws {
    let model = try smallImageModel()
    let file = try SafetensorsFile(bytes: model.fileBytes())
    #expect(Set(file.names) == Set(model.variables.map(\.name)))
    for variable in model.variables {
      #expect(file[variable.name]?.shape == variable.shape)
      #expect(file[variable.name]?.elementType == .float32)
    }
    #expect(
      file.metadata.keys.sorted() == [
        "needletail.class_names", "needletail.name", "needletail.network",
      ])
    #expect(file.metadata["needletail.class_names"] == #"["a","b\"\n","ç"]"#)
    let bare = try SafetensorsFile(bytes: Model(Dense(outputSize: 1), inputShape: [1]).fileBytes())
    #expect(Array(bare.metadata.keys) == ["needletail.network"])
  }

  @Test func refusesPartsThatAFileCannotHold() throws {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 2])
    let model = try Model(outputs: ["y": x * .infinity])
    let error = #expect(throws: ModelFileError.self) { try model.fileBytes() }
    #expect(
      error?.description
        == "the model's network: expected nodes[1].attributes.value to be a finite number, found "
        + "inf. A network with this part cannot be saved in a file.")
    let time = GraphBuilder()
    let steps = try Model(outputs: ["y": time.placeholder("x", [.symbol("time"), 2])])
    #expect(throws: ModelFileError.self) { try steps.fileBytes() }
  }

  @Test func explainsFilesThatAreNotModels() throws {
    var writer = SafetensorsWriter()
    try writer.add("w", shape: [1], floats: [1])
    let bytes = try writer.bytes()
    let error = #expect(throws: ModelFileError.self) {
      try Model(fileBytes: bytes, name: "weights.safetensors")
    }
    #expect(
      error?.description
        == "weights.safetensors: expected a model: values and the network they belong to, found "
        + "values only (1 tensors, no metadata needletail.network). Build the network, and load "
        + "the values into it with loadValues(from:).")
    writer.metadata = ["needletail.codec": "x"]
    let newer = try writer.bytes()
    let unknown = #expect(throws: ModelFileError.self) { try Model(fileBytes: newer) }
    #expect(unknown?.advice == "If the file was made by a newer version, update Needletail.")
    #expect(throws: ModelFileError.self) {
      try Model(contentsOf: URL(filePath: "/nonexistent/model.safetensors"))
    }
    #expect(throws: ModelFileError.self) {
      try Model(contentsOf: #require(URL(string: "https://example.org/m.safetensors")))
    }
  }

  @Test func passesOverMetadataOfOthers() throws {
    let model = try smallImageModel()
    let file = try SafetensorsFile(bytes: model.fileBytes())
    var writer = SafetensorsWriter(metadata: file.metadata)
    writer.metadata["format"] = "pt"
    for name in file.names { try writer.add(name, file.tensor(named: name)) }
    try expectSame(model, Model(fileBytes: writer.bytes()))
  }
}
