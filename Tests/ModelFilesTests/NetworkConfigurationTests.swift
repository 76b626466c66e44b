import Graphs
import Layers
import ModelFiles
import Tensors
import Testing

@Suite struct NetworkConfigurationTests {
  @Test func theTextIsCanonical() throws {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 2])
    let w = builder.variable(
      "w", shape: [2, 1], initializer: .normal(mean: 0, standardDeviation: 0.1))
    let y = sigmoid(matmul(x, w) * 0.1)
    let graph = try builder.finish(outputs: [("y", y)])
    #expect(
      try NetworkConfiguration.text(of: graph)
        == #"{"format":1,"labels":[],"nodes":["#
        + #"{"attributes":{"batched":true,"element_type":"float32","name":"x","shape":[2]},"#
        + #""operation":"input"},"#
        + #"{"attributes":{"index":0},"operation":"variable"},"#
        + #"{"inputs":[0,1],"operation":"matmul"},"#
        + #"{"attributes":{"value":0.1},"operation":"constant"},"#
        + #"{"attributes":{"operation":"multiply"},"inputs":[2,3],"operation":"arithmetic"},"#
        + #"{"attributes":{"function":"sigmoid"},"inputs":[4],"operation":"elementwise"}],"#
        + #""outputs":[{"name":"y","node":5}],"#
        + #""variables":[{"fan":[2,1],"initializer":{"normal":{"mean":0.0,"#
        + #""standardDeviation":0.1}},"name":"w","shape":[2,1],"trainable":true}]}"#)
  }

  @Test func readingGivesTheSameText() throws {
    for model in [try smallImageModel(), try Siamese.model()] {
      let text = try NetworkConfiguration.text(of: model.graph)
      let graph = try NetworkConfiguration.graph(text: text, file: "f")
      #expect(try NetworkConfiguration.text(of: graph) == text)
      #expect(try NetworkConfiguration.text(of: model.graph) == text)
    }
  }

  @Test func labelsSurvive() throws {
    let graph = try smallImageModel().graph
    let copy = try NetworkConfiguration.graph(
      text: NetworkConfiguration.text(of: graph), file: "f")
    let labels = copy.nodes.compactMap(\.label)
    #expect(labels == graph.nodes.compactMap(\.label))
    #expect(labels.last?.description == "layer 10 of 10, '8': Activation(softmax)")
  }

  @Test(arguments: [
    Initializer.zeros, .ones, .constant(0.1), .uniform(from: -1, to: 1e-30),
    .normal(mean: 3, standardDeviation: 0.30000001), .glorotUniform, .glorotNormal, .heUniform,
    .heNormal,
  ])
  func initializersSurvive(initializer: Initializer) throws {
    let builder = GraphBuilder()
    let node = builder.variable("v", shape: [3], initializer: initializer)
    let graph = try builder.finish(outputs: [("v", node)])
    let copy = try NetworkConfiguration.graph(
      text: NetworkConfiguration.text(of: graph), file: "f")
    #expect(copy.variables == graph.variables)
  }

  @Test(arguments: ActivationFunction.all)
  func activationsSurvive(function: ActivationFunction) throws {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 3])
    let graph = try builder.finish(outputs: [("y", activation(function, x))])
    let text = try NetworkConfiguration.text(of: graph)
    let copy = try NetworkConfiguration.graph(text: text, file: "f")
    #expect(copy.nodes.map(\.operation.attributes) == graph.nodes.map(\.operation.attributes))
  }

  /// Every operation of the registry, from its own attributes.
  @Test func everyOperationSurvives() throws {
    let builder = GraphBuilder()
    let images = builder.placeholder("images", [.batch, 6, 6, 2])
    let labels = builder.placeholder("labels", [.batch], elementType: .int32)
    let kernel = builder.variable("kernel", shape: [3, 3, 2, 4])
    let channel = (0..<4).map { index in
      builder.variable("c\(index)", shape: [4], isTrainable: index < 2)
    }
    let y = averagePool2D(
      maxPool2D(
        batchNormalization(
          convolve2D(images, kernel, padding: .explicit(top: 1, left: 0, bottom: 2, right: 1)),
          scale: channel[0], offset: channel[1], runningMean: channel[2],
          runningVariance: channel[3], momentum: 0.9, epsilon: 1e-5),
        poolSize: 2, strides: 1, padding: .same),
      poolSize: Size2D(height: 1, width: 2), strides: 1)
    let z = dropout(
      globalAveragePool2D(y).scaled(by: [1, 2, 3, 4], offset: [0, 0.5, 0, 0]), rate: 0.5)
    let wide = concatenate([z, z.paddingChannels(before: 1, after: 2)])
    let shaped = softmax(wide.reshaped(to: [11]))
    let matrix = builder.variable("matrix", shape: [11, 3])
    let logits = relu(matmul(shaped, matrix))
    let losses = [
      softmaxCrossEntropyLoss(
        logits: logits, targets: labels, labelSmoothing: 0.1, classWeights: [1, 2, 0.5]),
      binaryCrossEntropyLoss(logits: logits, targets: logits),
      huberLoss(prediction: logits, targets: logits, delta: 0.7), mean(logits * 2), sum(logits),
    ]
    let graph = try builder.finish(
      outputs: losses.enumerated().map { ("loss\($0.offset)", $0.element) })
    let text = try NetworkConfiguration.text(of: graph)
    let copy = try NetworkConfiguration.graph(text: text, file: "f")
    #expect(copy.nodes.map(\.operation.attributes) == graph.nodes.map(\.operation.attributes))
    #expect(copy.nodes.map(\.type) == graph.nodes.map(\.type))
    #expect(Set(copy.nodes.map(\.operation.kind)) == Set(OperationRegistry.kinds))
  }
}
