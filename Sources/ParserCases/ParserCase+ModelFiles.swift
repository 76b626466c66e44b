import Graphs
import Layers
import ModelFiles
import Tensors

extension ParserCase {
  /// All cases.
  package static let all = datasetCases + imageCases + textCases + modelFileCases

  /// The cases of `ModelFiles`.
  private static let modelFileCases: [ParserCase] = [
    ParserCase(
      "safetensors", seeds: [tensorFile], mended: withHeaderLength,
      parse: { bytes in
        let file = try SafetensorsFile(bytes: bytes, name: fileName)
        for tensor in file.tensors {
          switch tensor.elementType {
          case .float64, .float32, .float16, .bfloat16:
            let count = try file.floats(named: tensor.name).count
            try check(count == tensor.shape.count, "\(count) of \(tensor.shape)")
          default: _ = try file.integers(named: tensor.name)
          }
        }
      }),
    ParserCase(
      "model", seeds: [modelFile], mended: withHeaderLength,
      parse: { try run(Model(fileBytes: $0, name: fileName)) }),
    ParserCase(
      "network-yaml", seeds: [Array(networkText.utf8), Array(graphText.utf8)], parse: readNetwork),
    ParserCase(
      "network-json", seeds: [Array(networkJSON.utf8), Array(graphJSON.utf8)],
      parse: readNetwork),
    ParserCase(
      "configuration", seeds: [Array(configuration.utf8)],
      parse: {
        _ = try NetworkConfiguration.graph(
          text: String(decoding: $0, as: UTF8.self), file: fileName)
      }),
    ParserCase(
      "json",
      seeds: [
        Array(
          #"{"a":[1,-0,2.5e-3,true,null],"b":{"c":"\u00e9\ud83d\ude00 \n"},"d":9223372036854775807}"#
            .utf8)
      ],
      parse: { bytes in
        let value = try JSONValue(parsing: bytes)
        let again = try JSONValue(parsing: Array(value.canonicalText.utf8))
        try check(again == value, "another value after writing and reading")
      }),
  ]

  // MARK: Samples

  private static let networkText = """
    input: [8, 8, 1]
    layers:
      - Rescale: 1/255
      - Conv2D: {outputChannels: 2, kernelSize: [3, 2], padding: same, activation: {elu: 0.5}}
      - Residual:
          shortcut: [{ZeroPaddedShortcut: {outputChannels: 2}}]
          body:
            - Conv2D: {outputChannels: 2, kernelSize: 1, name: "a"}
            - BatchNorm
      - MaxPool2D
      - Flatten
      - Dense: classes
    """

  private static let networkJSON = """
    {"input": [4, 4, 1], "layers": [
      {"Rescale": {"mean": [3], "standardDeviation": [2]}}, {"AveragePool2D": {"poolSize": 2}},
      "Flatten", {"Dense": {"outputSize": 3, "activation": "tanh"}}, {"Dropout": 0.5},
      {"Dense": "classes"}, {"Activation": "softmax"}]}
    """

  private static let graphText = """
    format: 1
    variables:
      - {name: w, shape: [2, 1], initializer: zeros}
    nodes:
      - {operation: input, attributes: {name: x, batched: true, element_type: float32, shape: [2]}}
      - {operation: variable, attributes: {index: 0}}
      - {operation: matmul, inputs: [0, 1]}
    outputs:
      - {name: y, node: 2}
    """

  private static let graphJSON = """
    {"nodes":[{"attributes":{"batched":true,"element_type":"float32","name":"x","shape":[2]},
    "operation":"input"},{"attributes":{"function":"elu","parameter":0.5},"inputs":[0],
    "operation":"elementwise"}],"outputs":[{"name":"y","node":1}]}
    """

  private static let tensorFile = sound {
    var writer = SafetensorsWriter(metadata: ["classes": "[\"a\",\"b\"]", "format": "1"])
    try writer.add("dense/weights", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
    try writer.add("half", .float16, shape: [1, 2], bytes: [0, 60, 0, 64])
    try writer.add("labels", shape: [], integers: [-5])
    return try writer.bytes()
  }

  private static let sampleModel = sound {
    var model = try NetworkFile(text: networkText).model(classCount: 3, seed: 1)
    model.metadata = ModelMetadata(classNames: ["a", "b", "c"], name: "sample")
    return model
  }

  private static let modelFile = sound { try sampleModel.fileBytes() }
  private static let configuration = sound { try NetworkConfiguration.text(of: sampleModel.graph) }

  /// A sample that is known to be sound.
  private static func sound<Result>(_ make: () throws -> Result) -> Result {
    do {
      return try make()
    } catch {
      preconditionFailure("The sample is not sound: \(error)")
    }
  }

  // MARK: Parsers

  /// The file with the length of its header made right: up to the last closing brace.
  @Sendable private static func withHeaderLength(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count > 8, let end = bytes.lastIndex(of: UInt8(ascii: "}")), end >= 8 else {
      return bytes
    }
    return withUnsafeBytes(of: UInt64(end - 7).littleEndian) { Array($0) } + bytes[8...]
  }

  @Sendable private static func readNetwork(_ bytes: [UInt8]) throws {
    let file = try NetworkFile(text: String(decoding: bytes, as: UTF8.self), name: fileName)
    if file.graph != nil { return }
    _ = try Model.traced(file.network(classCount: 3), inputShape: file.inputShape ?? [8, 8, 1])
  }

  /// Asks a model for everything that a program would, if it is small.
  private static func run(_ model: Model) throws {
    _ = model.summary.description
    let graph = model.graph
    let elements = graph.nodes.reduce(0) { $0 + $1.type.fixedShape.count }
    guard elements <= 1 << 14, model.summary.floatOperations < 1 << 20 else { return }
    var fed: [String: Tensor] = [:]
    for input in graph.inputs { fed[input.name] = Tensor(zeros: input.type.shape(batch: 2)) }
    do {
      _ = try model.predict(fed)
    } catch is PredictionError {
      // The inputs' shapes may be ones that no batch has: that is told when they are fed.
    }
  }
}
