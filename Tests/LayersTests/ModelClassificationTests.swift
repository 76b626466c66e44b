import Graphs
import Layers
import Tensors
import Testing

@Suite struct ModelClassificationTests {
  /// A model of the logits x and 2x.
  private func model(_ layers: () -> Sequential) throws -> Model {
    var model = try Model(layers(), inputShape: [1], seed: 1)
    for variable in model.variables {
      let isWeight = variable.shape.rank == 2
      try model.setValue(
        Tensor(shape: variable.shape, isWeight ? [1, 2] : [0, 0]), of: variable.name)
    }
    return model
  }

  @Test func probabilitiesAreTheSoftmaxOfLogits() throws {
    let logits = try model { Sequential { Dense(outputSize: 2) } }
    let predictions = try logits.classify(Tensor(shape: [3, 1], [0, 1, -300]))
    #expect(predictions.map(\.label) == [0, 1, 0])
    #expect(predictions[0].probabilities == [0.5, 0.5])
    #expect(abs(predictions[1].probabilities[1] - 0.731_058_6) < 1e-6)
    #expect(predictions[2].probabilities == [1, 0])
    #expect(predictions.map(\.name) == ["0", "1", "0"])
  }

  @Test func aNetworkThatEndsInSoftmaxIsTakenAsItIs() throws {
    let logits = try model { Sequential { Dense(outputSize: 2) } }
    let softmax = try model { Sequential { Dense(outputSize: 2, activation: .softmax) } }
    let input = Tensor(shape: [1, 1], [1])
    let expected = try logits.classify(input)[0].probabilities
    let found = try softmax.classify(input)[0].probabilities
    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func classesHaveTheModelsNames() throws {
    var named = try model { Sequential { Dense(outputSize: 2) } }
    named.metadata.classNames = ["cat", "dog"]
    #expect(try named.classify(Tensor(shape: [1, 1], [1]))[0].name == "dog")
  }

  @Test func oneNumberIsNoClass() throws {
    let regression = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    #expect(throws: PredictionError.self) { try regression.classify(Tensor(shape: [1, 1], [1])) }
  }
}
