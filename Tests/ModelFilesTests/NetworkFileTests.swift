import Foundation
import Graphs
import Layers
import ModelFiles
import Tensors
import Testing

@Suite struct NetworkFileTests {
  /// The graph of layers as text, without regard to how they were written.
  static func text(_ network: Sequential, _ shape: Shape) throws -> String {
    try NetworkConfiguration.text(of: Model.traced(network, inputShape: shape))
  }

  static func expect(
    _ yaml: String, _ shape: Shape, sourceLocation: SourceLocation = #_sourceLocation,
    @LayerBuilder gives layers: () -> [any Layer]
  ) throws {
    let network = try NetworkFile(text: yaml).network(classCount: 7)
    let (written, described) = (try text(Sequential(layers), shape), try text(network, shape))
    #expect(described == written, sourceLocation: sourceLocation)
  }

  @Test func defaultsAreThoseOfSwift() throws {
    try Self.expect(
      """
      layers:
        - Rescale: 1/255
        - Conv2D: {outputChannels: 4, kernelSize: 3}
        - BatchNorm
        - MaxPool2D
        - AveragePool2D:
        - Residual: [{Conv2D: {outputChannels: 4, kernelSize: 1}}]
        - ZeroPaddedShortcut: 6
        - GlobalAveragePool2D
        - Reshape: [2, 3]
        - Flatten
        - Dropout: 0.25
        - Activation: relu
        - Dense: classes
      """, [20, 20, 2]
    ) {
      Rescale(scale: 1 / 255)
      Conv2D(outputChannels: 4, kernelSize: 3)
      BatchNorm()
      MaxPool2D()
      AveragePool2D()
      Residual { Conv2D(outputChannels: 4, kernelSize: 1) }
      ZeroPaddedShortcut(outputChannels: 6)
      GlobalAveragePool2D()
      Reshape([2, 3])
      Flatten()
      Dropout(rate: 0.25)
      Activation(.relu)
      Dense(outputSize: 7)
    }
  }

  @Test func everyArgumentIsHonoured() throws {
    try Self.expect(
      """
      layers:
        - Rescale: {mean: [1, 2], standardDeviation: [3, 0.5], name: norm}
        - Rescale: {scale: 2, offset: -1.5}
        - Conv2D: {outputChannels: 4, kernelSize: [3, 2], strides: [2, 1], padding: [1, 0, 2, 1],
                   dilations: [1, 2], groups: 2, inputChannels: 2, activation: {elu: 0.5},
                   useBias: false, weightInitializer: {normal: {mean: 0, standardDeviation: 0.1}},
                   name: first}
        - Conv2D: {outputChannels: 4, kernelSize: 3, padding: 1, activation: {leakyReLU: {slope: 0.2}},
                   weightInitializer: {uniform: {from: -1/8, to: 0.125}}}
        - BatchNorm: {momentum: 0.5, epsilon: 0.01, activation: gelu, name: bn}
        - MaxPool2D: {poolSize: [2, 3], strides: [2, 1], padding: same, name: pool}
        - AveragePool2D: {poolSize: 2, strides: 1, padding: valid, name: mean}
        - Residual:
            activation: relu
            shortcut: [{Conv2D: {outputChannels: 3, kernelSize: 1, name: way}}]
            body:
              - Sequential: [{Conv2D: {outputChannels: 3, kernelSize: 1}}, {Activation: {elu: 0.3}}]
            name: block
        - ZeroPaddedShortcut: {outputChannels: 5, strides: 2, name: pad}
        - Flatten: {name: flat}
        - Dropout: {rate: 0.5, name: drop}
        - Dense: {outputSize: 6, inputSize: 60, activation: tanh, useBias: false,
                  weightInitializer: heNormal, name: hidden}
        - Activation: {function: {leakyReLU: 0.3}, name: act}
        - Dense: {outputSize: 3, weightInitializer: {constant: -0.5}}
      """, [14, 14, 2]
    ) {
      Rescale(mean: [1, 2], standardDeviation: [3, 0.5], name: "norm")
      Rescale(scale: 2, offset: -1.5)
      Conv2D(
        outputChannels: 4, kernelSize: Size2D(height: 3, width: 2),
        strides: Size2D(height: 2, width: 1),
        padding: .explicit(top: 1, left: 0, bottom: 2, right: 1),
        dilations: Size2D(height: 1, width: 2), groups: 2, inputChannels: 2,
        activation: .elu(alpha: 0.5), useBias: false,
        weightInitializer: .normal(mean: 0, standardDeviation: 0.1), name: "first")
      Conv2D(
        outputChannels: 4, kernelSize: 3, padding: .uniform(1), activation: .leakyReLU(slope: 0.2),
        weightInitializer: .uniform(from: -0.125, to: 0.125))
      BatchNorm(momentum: 0.5, epsilon: 0.01, activation: .gelu, name: "bn")
      MaxPool2D(
        poolSize: Size2D(height: 2, width: 3), strides: Size2D(height: 2, width: 1),
        padding: .same, name: "pool")
      AveragePool2D(poolSize: 2, strides: 1, padding: .valid, name: "mean")
      Residual(
        activation: .relu,
        shortcut: Sequential { Conv2D(outputChannels: 3, kernelSize: 1, name: "way") },
        name: "block"
      ) {
        Sequential {
          Conv2D(outputChannels: 3, kernelSize: 1)
          Activation(.elu(alpha: 0.3))
        }
      }
      ZeroPaddedShortcut(outputChannels: 5, strides: 2, name: "pad")
      Flatten(name: "flat")
      Dropout(rate: 0.5, name: "drop")
      Dense(
        outputSize: 6, inputSize: 60, activation: .tanh, useBias: false,
        weightInitializer: .heNormal, name: "hidden")
      Activation(.leakyReLU(slope: 0.3), name: "act")
      Dense(outputSize: 3, weightInitializer: .constant(-0.5))
    }
  }

  @Test func presetsCanBeWritten() throws {
    try Self.expect(
      """
      layers:
        - Rescale: {scale: 1/255, name: rescale}
        - Conv2D: {outputChannels: 32, kernelSize: 3, activation: relu}
        - MaxPool2D
        - Conv2D: {outputChannels: 64, kernelSize: 3, activation: relu}
        - MaxPool2D
        - Conv2D: {outputChannels: 64, kernelSize: 3, activation: relu}
        - Flatten
        - Dense: {outputSize: 64, activation: relu}
        - Dense: classes
      """, [28, 28, 1]
    ) {
      Preset.mnistCNN.network(inputShape: [28, 28, 1], classCount: 7).layers
    }
  }

  @Test(arguments: ActivationFunction.all)
  func everyActivationHasItsName(function: ActivationFunction) throws {
    try Self.expect("layers: [{Dense: {outputSize: 2, activation: \(function.name)}}]", [3]) {
      Dense(outputSize: 2, activation: function)
    }
  }

  @Test func jsonIsYAML() throws {
    let json =
      "{\"input\":\t[4],\n\"layers\":[{\"Dense\":{\"outputSize\":3,\"name\":\"\\u00e9\\\"\"}},"
      + "\"Flatten\"]}"
    let file = try NetworkFile(text: json)
    #expect(file.inputShape == [4])
    let model = try file.model(classCount: 1)
    #expect(model.variables.map(\.name) == ["é\".weight", "é\".bias"])
  }

  @Test func eachCallGivesLayersOfItsOwn() throws {
    let file = try NetworkFile(text: "layers: [{Dense: 3}]")
    let layers = try (0..<2).map { _ in try file.network(classCount: 2).layers[0] as? Dense }
    #expect(layers[0]?.identity != layers[1]?.identity)
    #expect(file.graph == nil)
    #expect(file.inputShape == nil)
  }

  @Test func graphsAreTheSchemaOfModelFiles() throws {
    let model = try smallImageModel()
    let text = try NetworkConfiguration.text(of: model.graph)
    let file = try NetworkFile(text: text, name: "graph.json")
    #expect(file.inputShape == [6, 6, 2])
    let graph = try #require(file.graph)
    #expect(try NetworkConfiguration.text(of: graph) == text)
    // The same seed draws the same values.
    let copy = try file.model(inputShape: [6, 6, 2], classCount: 3, seed: 3)
    let (first, second) = (try copy.value(of: "7.weight"), try model.value(of: "7.weight"))
    #expect(bits(first) == bits(second))
    let error = #expect(throws: ModelFileError.self) { try file.network(classCount: 3) }
    #expect(error?.description.hasPrefix("graph.json: expected layers, found a graph") == true)
  }

  @Test func examplesOfTheDocumentationWork() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../docs/network-files.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    var parameters: [Int] = []
    for block in text.components(separatedBy: "\n```").dropFirst() {
      for language in ["yaml\n", "json\n"] where block.hasPrefix(language) {
        let file = try NetworkFile(text: String(block.dropFirst(language.count)))
        parameters.append(try file.model(classCount: 10).parameterCount)
      }
    }
    #expect(parameters == [41_866, 19_866, 2_410, 3])
    // Every layer and every operation has its row.
    for name in [
      "Dense", "Conv2D", "BatchNorm", "MaxPool2D", "AveragePool2D", "GlobalAveragePool2D",
      "Flatten", "Reshape", "Activation", "Dropout", "Rescale", "Residual", "ZeroPaddedShortcut",
      "Sequential",
    ] + OperationRegistry.kinds {
      #expect(text.contains("| `\(name)` |"), "\(name)")
    }
    for function in ActivationFunction.all { #expect(text.contains("`\(function.name)`")) }
  }

  @Test func readsFiles() throws {
    let folder = TemporaryFolder()
    let path = folder.file("net.yaml")
    try AtomicFile.write(Array("input: 3\nlayers:\n- Dense: classes\n".utf8), to: path)
    let file = try NetworkFile(contentsOf: URL(filePath: path))
    #expect(file.file == path)
    #expect(try file.model(classCount: 5).graph.outputs[0].type.description == "[batch, 5]")
    try AtomicFile.write([0x6C, 0xFF, 0xFE], to: path)
    let error = #expect(throws: ModelFileError.self) {
      try NetworkFile(contentsOf: URL(filePath: path))
    }
    #expect(error?.expected == "a text in UTF-8")
    try AtomicFile.write([UInt8](repeating: 0x20, count: (1 << 20) + 1), to: path)
    #expect(throws: ModelFileError.self) { try NetworkFile(contentsOf: URL(filePath: path)) }
    #expect(throws: ModelFileError.self) {
      try NetworkFile(contentsOf: URL(filePath: folder.file("none.yaml")))
    }
  }

  @Test func inputsMustAgree() throws {
    let file = try NetworkFile(text: "input: [4]\nlayers: [{Dense: 3}]", name: "n.yaml")
    _ = try file.model(inputShape: [4], classCount: 2)
    let error = #expect(throws: ModelFileError.self) {
      try file.model(inputShape: [5], classCount: 2)
    }
    #expect(
      error?.description
        == "n.yaml: expected examples of shape [4], found [5]. Change or leave out the file's "
        + "input:, or give it other data.")
    let open = try NetworkFile(text: "layers: [{Dense: 3}]", name: "n.yaml")
    #expect(throws: ModelFileError.self) { try open.model(classCount: 2) }
    #expect(throws: ShapeError.self) { try open.model(inputShape: [4, 4], classCount: 2) }
    let huge = try NetworkFile(text: "layers: [{Dense: 1000}, {Dense: 16000000}]")
    let limit = #expect(throws: ModelFileError.self) {
      try huge.model(inputShape: [4], classCount: 2)
    }
    #expect(limit?.expected == "weights of at most 2147483648 numbers")
  }
}
