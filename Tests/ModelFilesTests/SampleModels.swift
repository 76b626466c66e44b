import Graphs
import Layers
import ModelFiles
import Tensors
import Testing

/// Two towers that share a layer, joined: several inputs and outputs, a concatenation, a residual.
struct Siamese: Layer {
  let shared = Dense(outputSize: 5, activation: .leakyReLU(slope: 0.2))
  let first = Dense(outputSize: 4, weightInitializer: .uniform(from: -0.1, to: 0.30000001))
  let head = Dense(outputSize: 3, useBias: false)

  func callAsFunction(_ x: Node) -> Node { shared(x) }

  func outputs(_ left: Node, _ right: Node) -> [(String, Node)] {
    let joined = concatenate([shared(left), shared(right), first(left)])
    let logits = head(joined)
    return [("logits", logits), ("distance", mean(square(shared(left) - shared(right))))]
  }

  static func model(seed: UInt64 = 1) throws -> Model {
    let network = Siamese()
    let inputs = [ModelInput("left", shape: [6]), ModelInput("right", shape: [6])]
    return try Model(inputs: inputs, seed: seed, layers: network) { nodes in
      network.outputs(nodes[0], nodes[1])
    }
  }
}

/// A few layers of most kinds.
func smallImageModel() throws -> Model {
  let network = Sequential {
    Rescale(scale: 1 / 255)
    Conv2D(
      outputChannels: 4, kernelSize: Size2D(height: 3, width: 2), strides: 2, padding: .same,
      groups: 2, activation: .elu(alpha: 0.7))
    BatchNorm(momentum: 0.75, epsilon: 1e-3, activation: .relu)
    Residual(activation: .gelu) { Conv2D(outputChannels: 4, kernelSize: 1, padding: .uniform(0)) }
    MaxPool2D(poolSize: 2, padding: .same)
    Dropout(rate: 0.1)
    Flatten()
    Dense(outputSize: 3, weightInitializer: .normal(mean: 0, standardDeviation: 0.05))
    Activation(.softmax)
  }
  var model = try Model(network, inputShape: [6, 6, 2], seed: 3)
  model.metadata = ModelMetadata(classNames: ["a", "b\"\n", "ç"], name: "small")
  return model
}

/// Checks that two models are the same bit for bit: graphs, values and metadata.
func expectSame(
  _ left: Model, _ right: Model, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(left.metadata == right.metadata, sourceLocation: sourceLocation)
  let texts = (
    try NetworkConfiguration.text(of: left.graph), try NetworkConfiguration.text(of: right.graph)
  )
  #expect(texts.0 == texts.1, sourceLocation: sourceLocation)
  #expect(left.graph.nodes.map(\.type) == right.graph.nodes.map(\.type))
  #expect(left.graph.nodes.map(\.label) == right.graph.nodes.map(\.label))
  #expect(left.graph.inputs == right.graph.inputs)
  #expect(left.graph.outputs == right.graph.outputs)
  #expect(left.variables == right.variables, sourceLocation: sourceLocation)
  for variable in left.variables {
    let (first, second) = (try left.value(of: variable.name), try right.value(of: variable.name))
    #expect(
      bits(first) == bits(second), "\(variable.name)", sourceLocation: sourceLocation)
  }
}

/// The bit patterns of the elements.
func bits(_ tensor: Tensor) -> [UInt32] { tensor.elements.map(\.bitPattern) }

/// Examples that depend on nothing.
func examples(_ shape: Shape) -> Tensor {
  Tensor(shape: shape, (0..<shape.count).map { Float($0 % 17) * 0.25 - 1 })
}
