import Foundation
import Needletail
import Testing

/// A line through the origin whose slope is learnt with a rate at which the error doubles with every
/// step, and halves with every step at half the rate.
private struct Line {
  var rate: LearningRateSchedule = 1.5
  var epochs = 400
  var targets: [Float] = [3, 3, 3, 3]

  func run(
    _ checkpoints: Checkpointing? = nil,
    answer: (TrainingEvent) throws -> TrainingAction = { _ in .continue }
  ) throws -> (model: Model, history: TrainingHistory) {
    var model = try Model(
      Dense(outputSize: 1, useBias: false), inputShape: [1], seed: 1)
    let data = try InMemoryDataset(
      inputs: Tensor(shape: [4, 1], [1, 1, 1, 1]), targets: Tensor(shape: [4, 1], targets))
    let trainer = Trainer(loss: .meanSquaredError, optimizer: .sgd(learningRate: rate))
    let history = try trainer.fit(
      &model, to: data, epochs: epochs, batchSize: 2, checkpoints: checkpoints, onEvent: answer)
    return (model, history)
  }
}

@Suite struct DivergenceTests {
  @Test func theLossIsWatched() throws {
    let error = #expect(throws: DivergenceError.self) { try Line().run() }
    let found = try #require(error)
    // The error of about 3 doubles; its square is infinite beyond 2¹²⁸.
    #expect((60...64).contains(found.step))
    #expect(found.loss == .infinity)
    #expect(found.learningRate == 1.5)
    #expect(found.findings.allSatisfy { $0.place == .gradient })
    #expect(found.largestParameter?.variable == "dense.weight")
    #expect((found.largestParameter?.largestFinite ?? 0) > 0x1p60)
    #expect(found.description.contains("expected a finite loss, found inf"))
    #expect(found.description.contains("The largest finite parameter is"))
  }

  @Test func aGradientThatIsNotFiniteIsNamed() throws {
    let error = #expect(throws: DivergenceError.self) {
      try Line(rate: 0.1, targets: [1, 1, .nan, 1]).run()
    }
    let finding = try #require(error?.findings.first)
    #expect(finding.variable == "dense.weight")
    #expect(finding.place == .gradient)
    #expect(finding.nonFiniteCount == 1)
    #expect(finding.count == 1)
    #expect(error?.description.contains("the gradient of 'dense.weight'") == true)
  }

  /// A ReLU gives 0 for NaN: the loss does not show that the weights before it are lost.
  @Test func parametersThatNoLossShowsAreFoundWithTheirLayer() throws {
    let network = Sequential {
      Dense(outputSize: 4, activation: .relu)
      Dense(outputSize: 2)
    }
    var model = try Model(network, inputShape: [2], seed: 1)
    try model.setValue(Tensor(shape: [4], [0, .nan, 0, -.infinity]), of: "0.bias")
    let data = try InMemoryDataset(
      inputs: Tensor(shape: [2, 2], [1, 2, 3, 4]), labels: [0, 1])
    let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.1))
    let error = #expect(throws: DivergenceError.self) {
      try trainer.fit(&model, to: data, epochs: 1)
    }
    let finding = try #require(error?.findings.first)
    #expect(finding.variable == "0.bias")
    #expect(finding.place == .parameters)
    #expect(finding.nonFiniteCount == 2)
    #expect(finding.layer == "layer 1 of 2, '0': Dense(4)")
  }

  @Test func aTrainingGoesBackAndLearnsMoreSlowly() throws {
    let folder = CheckpointTestFolder()
    var rollbacks: [RollbackReport] = []
    let checkpoints = Checkpointing(
      in: folder.url, every: .steps(25), onDivergence: .rollback)
    let (model, history) = try Line().run(checkpoints) { event in
      if case .rolledBack(let report) = event { rollbacks.append(report) }
      return .continue
    }
    #expect(rollbacks.count == 1)
    #expect(rollbacks.first?.position.stepCount == 50)
    #expect(rollbacks.first?.learningRateFactor == 0.5)
    #expect(rollbacks.first?.epochs.count == 24)
    #expect(history.epochs.map(\.epoch) == Array(1...400))
    #expect(try abs(model.value(of: "dense.weight").elements[0] - 3) < 1e-3)

    // Interrupted before and after it went back, and with a checkpoint that was not due between.
    for step in [10, 55, 60, 70] {
      let other = CheckpointTestFolder()
      var options = checkpoints
      options.folder = other.url
      _ = try Line().run(options) { event in
        if case .stepEnded(let report, _) = event, report.step == step {
          return .checkpointAndStop
        }
        return .continue
      }
      options.resumes = true
      let resumed = try Line().run(options)
      #expect(
        try resumed.model.value(of: "dense.weight") == model.value(of: "dense.weight"),
        "step \(step)")
      #expect(resumed.history.epochs.map(\.loss) == history.epochs.map(\.loss), "step \(step)")
    }
  }

  @Test func aTrainingThatNoRateSavesIsGivenUp() throws {
    let folder = CheckpointTestFolder()
    var factors: [Float] = []
    let error = #expect(throws: DivergenceError.self) {
      try Line(rate: 1e9).run(
        Checkpointing(in: folder.url, every: .steps(1), keepCount: 3, onDivergence: .rollback)
      ) { event in
        if case .rolledBack(let report) = event { factors.append(report.learningRateFactor) }
        return .continue
      }
    }
    #expect(error != nil)
    #expect(!factors.isEmpty && factors.count <= Checkpointing.maximumRollbackCount)
    #expect(factors == (1...factors.count).map { 1 / Float(1 << $0) })
  }
}
