import Needletail
import Testing

/// A model that has more classes than the data it is evaluated on.
@Suite struct EvaluatedClassesTests {
  @Test func theNamesAreThoseOfWhicheverHasOneForEachOutput() throws {
    let inputs = Tensor(shape: [4, 2], [Float](repeating: 1, count: 8))
    let data = try InMemoryDataset(inputs: inputs, labels: [0, 1, 0, 1], classNames: ["a", "b"])
    var model = try Model(Sequential { Dense(outputSize: 3) }, inputShape: [2], seed: 1)
    let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.1))
    func names() throws -> [String]? {
      try trainer.evaluate(model, on: data).classification?.classes.map(\.name)
    }
    #expect(try names() == ["0", "1", "2"])
    model.metadata.classNames = ["a", "b", "c"]
    #expect(try names() == ["a", "b", "c"])
  }
}
