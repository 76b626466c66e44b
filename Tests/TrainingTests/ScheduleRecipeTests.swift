import Needletail
import Testing

@Suite struct ScheduleRecipeTests {
  private func rates(_ words: String, warmUp: Double = 0, _ steps: [Int]) throws -> [Float] {
    let schedule = try ScheduleRecipe(words).schedule(
      learningRate: 1, epochs: 6, stepsPerEpoch: 10, warmUpEpochs: warmUp)
    return steps.map { schedule(step: $0) }
  }

  @Test func wordsBecomeSchedules() throws {
    #expect(try rates("constant", [0, 59]) == [1, 1])
    #expect(try rates("step", [0, 19, 20, 39]) == [1, 1, 0.1, 0.1])
    #expect(try rates("step:3:0.5", [29, 30, 59]) == [1, 0.5, 0.5])
    #expect(try rates("exponential:0.25", [0, 10, 20]) == [1, 0.25, 0.0625])
    #expect(try rates("cosine", [0, 30, 60]) == [1, 0.5, 0])
    #expect(try rates("cosine:0.5", [60]) == [0.5])
  }

  @Test func theWarmUpComesFirst() throws {
    #expect(try rates("constant", warmUp: 0.5, [0, 4, 5]) == [0.2, 1, 1])
    // The cosine still ends with the training.
    #expect(try rates("cosine", warmUp: 2, [19, 20, 40, 60]) == [1, 1, 0.5, 0])
    #expect(try rates("step:1:0.5", warmUp: 1, [9, 10, 19, 20]) == [1, 1, 1, 0.5])
  }

  @Test(arguments: [
    "", "sinus", "constant:1", "step:", "step:0", "step:1.5", "step:3:0", "step:3:2",
    "step:3:0.1:1",
    "exponential:nan", "exponential:-1", "cosine:-1", "cosine:x",
  ])
  func otherWordsAreRefused(_ words: String) {
    #expect(throws: TrainingError.self) { try ScheduleRecipe(words) }
  }

  @Test(arguments: OptimizerName.allCases)
  func everyOptimizerLearns(_ name: OptimizerName) throws {
    let trainer = Trainer(
      loss: .meanSquaredError,
      optimizer: name.optimizer(learningRate: .constant(name.standardLearningRate)))
    var model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    let data = try InMemoryDataset(
      inputs: Tensor(shape: [4, 1], [0, 1, 2, 3]), targets: Tensor(shape: [4, 1], [1, 3, 5, 7]))
    let history = try trainer.fit(&model, to: data, epochs: 20, batchSize: 4)
    #expect(history.epochs[19].loss < history.epochs[0].loss)
  }
}
