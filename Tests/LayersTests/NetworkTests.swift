import Graphs
import Layers
import Tensors
import Testing

private struct TwoLayers: Layer {
  let first = Dense(outputSize: 4, activation: .relu)
  let second = Dense(outputSize: 2)

  func callAsFunction(_ x: Node) -> Node { second(first(x)) }
}

private struct Twice: Layer {
  let shared = Dense(outputSize: 3)

  func callAsFunction(_ x: Node) -> Node { shared(shared(x)) }
}

private struct Nested: Layer {
  let blocks = [TwoLayers(), TwoLayers()]
  let head: Dense? = Dense(outputSize: 1, name: "score")

  func callAsFunction(_ x: Node) -> Node {
    let features = blocks[0](x) + blocks[1](x)
    return head?(features) ?? features
  }
}

/// What a graph is apart from names.
private func skeleton(_ graph: Graph) -> [String] {
  graph.nodes.map { node in
    // Dictionaries of the same contents may differ in their order.
    let attributes = node.operation.attributes.sorted { $0.key < $1.key }
    return "\(node.operation.kind) \(attributes) \(node.inputs) \(node.type)"
  }
}

@Suite struct NetworkTests {
  @Test func threeWaysGiveTheSameGraph() throws {
    let sequential = try Model(
      Sequential {
        Dense(outputSize: 4, activation: .relu)
        Dense(outputSize: 2)
      }, inputShape: [3], seed: 9)
    let asStruct = try Model(TwoLayers(), inputShape: [3], seed: 9)

    let graph = GraphBuilder()
    let x = graph.placeholder("input", [.batch, 3])
    let fan = Variable.Fan(in: 3, out: 4)
    let w1 = graph.variable("first.weight", shape: [3, 4], initializer: .heUniform)
    let first = matmul(x, w1)
    let b1 = graph.variable("first.bias", shape: [4], initializer: .zeros, fan: fan)
    let hidden = relu(first + b1)
    let w2 = graph.variable("second.weight", shape: [4, 2])
    let second = matmul(hidden, w2)
    let b2 = graph.variable("second.bias", shape: [2], initializer: .zeros, fan: fan)
    let bare = try Model(outputs: ["output": second + b2], seed: 9)

    #expect(skeleton(sequential.graph) == skeleton(asStruct.graph))
    #expect(skeleton(bare.graph) == skeleton(asStruct.graph))
    let examples = Tensor(shape: [2, 3], [1, -2, 3, 0.5, 0, -1])
    let expected = try sequential(examples)
    #expect(try asStruct(examples) == expected)
    #expect(try bare.predict(["input": examples])["output"] == expected)
    #expect(expected.elements.contains { $0 != 0 })
  }

  @Test func aLayerUsedTwiceIsOneSetOfWeights() throws {
    let model = try Model(Twice(), inputShape: [3])
    #expect(model.variables.map(\.name) == ["shared.weight", "shared.bias"])
    #expect(model.parameterCount == 12)
  }

  @Test func copiesShareAndSeparateLayersDoNot() throws {
    let layer = Dense(outputSize: 3)
    let copy = layer
    let shared = try Model(Sequential([layer, copy]), inputShape: [3])
    let separate = try Model(
      Sequential([Dense(outputSize: 3), Dense(outputSize: 3)]), inputShape: [3])
    #expect(shared.parameterCount == 12)
    #expect(separate.parameterCount == 24)
  }

  @Test func pathsComeFromPropertiesPositionsAndNames() throws {
    let model = try Model(Nested(), inputShape: [3])
    #expect(
      model.variables.map(\.name) == [
        "blocks.0.first.weight", "blocks.0.first.bias", "blocks.0.second.weight",
        "blocks.0.second.bias", "blocks.1.first.weight", "blocks.1.first.bias",
        "blocks.1.second.weight", "blocks.1.second.bias", "score.weight", "score.bias",
      ])
  }

  @Test func severalInputsAndOutputs() throws {
    let tower = Dense(outputSize: 2, useBias: false)
    let model = try Model(
      inputs: [ModelInput("left", shape: [2]), ModelInput("right", shape: [2])],
      layers: tower
    ) { inputs in
      let (left, right) = (tower(inputs[0]), tower(inputs[1]))
      return [("difference", left - right), ("both", concatenate([left, right]))]
    }
    let ones = Tensor(shape: [1, 2], [1, 1])
    let outputs = try model.predict(["left": ones, "right": ones])
    #expect(outputs["difference"]?.elements == [0, 0])
    #expect(outputs["both"]?.shape == [1, 4])
    #expect(model.parameterCount == 4)
  }

  @Test func anUnusedInputIsRefused() {
    let error = #expect(throws: ShapeError.self) {
      _ = try Model(inputs: [ModelInput("a", shape: [2]), ModelInput("b", shape: [2])]) {
        [("output", $0[0] + 1)]
      }
    }
    #expect(
      error?.description == "No output depends on the input 'b'; use it, or leave it out.")
  }

  @Test func aBuilderChoosesAndRepeats() throws {
    func network(deep: Bool) -> Sequential {
      Sequential {
        if deep {
          for _ in 0..<3 { Dense(outputSize: 5) }
        }
        if !deep { Dense(outputSize: 7) } else { Dense(outputSize: 6) }
        [Dense(outputSize: 1), Dense(outputSize: 2)]
      }
    }
    #expect(network(deep: true).layers.count == 6)
    #expect(network(deep: false).layers.count == 3)
  }

  @Test func residualAddsItsInput() throws {
    let network = Residual { Dense(outputSize: 2, weightInitializer: .zeros) }
    let model = try Model(network, inputShape: [2])
    #expect(try model(Tensor(shape: [1, 2], [3, -4])).elements == [3, -4])
  }

  @Test func zeroPaddedShortcutSubsamplesAndWidens() throws {
    let model = try Model(
      ZeroPaddedShortcut(outputChannels: 4, strides: 2), inputShape: [3, 3, 1])
    let image = Tensor(shape: [1, 3, 3, 1], (1...9).map(Float.init))
    let result = try model(image)
    #expect(result.shape == [1, 2, 2, 4])
    #expect(result.elements == [0, 1, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0])
  }

  @Test func allActivationsRun() throws {
    for function in ActivationFunction.all {
      let model = try Model(Activation(function), inputShape: [4])
      let result = try model(Tensor(shape: [1, 4], [-2, -0.5, 0.5, 2]))
      let isFinite = result.elements.allSatisfy { $0.isFinite }
      #expect(isFinite, "\(function)")
    }
  }
}
