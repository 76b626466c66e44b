import Needletail
import Testing

private struct Stop: Error {}

private func line() throws -> InMemoryDataset {
  let x = (0..<40).map { Float($0) / 20 - 1 }
  return try InMemoryDataset(
    inputs: Tensor(shape: [40, 1], x), targets: Tensor(shape: [40, 1], x.map { 3 * $0 - 1 }))
}

private let regression = Trainer(
  loss: .meanSquaredError, optimizer: .sgd(learningRate: 0.1), metrics: [.meanAbsoluteError])

@Suite struct TrainerTests {
  @Test func fitsALine() throws {
    var model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    let history = try regression.fit(&model, to: line(), epochs: 60, batchSize: 8)
    #expect(history.epochs.count == 60)
    #expect(abs(try model.value(of: "dense.weight")[0, 0] - 3) < 1e-3)
    #expect(abs(try model.value(of: "dense.bias")[0] + 1) < 1e-3)
    let result = try regression.evaluate(model, on: line())
    #expect(result.loss < 1e-5)
    #expect((result[.meanAbsoluteError] ?? 1) < 1e-2)
    #expect(result.classification == nil)
  }

  @Test func tellsWhatHappens() throws {
    var model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    var events: [String] = []
    try regression.fit(
      &model, to: line(), validation: line(), epochs: 2, batchSize: 16
    ) { event in
      switch event {
      case .started(let start):
        events.append("start \(start.exampleCount) \(start.stepsPerEpoch) \(start.epochCount)")
        #expect(start.memory.byteCount > 0)
      case .stepEnded(let report, _): events.append("step \(report.step) \(report.exampleCount)")
      case .epochEnded(let report):
        events.append("epoch \(report.epoch)")
        #expect(report.validation?.exampleCount == 40)
        #expect(report.metrics.map(\.name) == ["mean_absolute_error"])
      case .validationStepEnded: events.append("validation")
      case .checkpointed, .rolledBack: Issue.record("There are no checkpoints.")
      }
      return .continue
    }
    #expect(
      events == [
        "start 40 3 2", "step 0 16", "step 1 16", "step 2 8", "validation", "epoch 1", "step 3 16",
        "step 4 16",
        "step 5 8", "validation", "epoch 2",
      ])
  }

  @Test func stopsWhenTold() throws {
    var model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    let history = try regression.fit(&model, to: line(), epochs: 9, batchSize: 8) { event in
      if case .epochEnded(let report) = event, report.epoch == 2 { .stop } else { .continue }
    }
    #expect(history.epochs.count == 2)
    #expect(history.wasStopped)
  }

  @Test func leavesTheModelAtTheLastStepWhenTheEventThrows() throws {
    let initial = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    func run(upTo last: Int) throws -> Model {
      var model = initial
      do {
        try regression.fit(&model, to: line(), epochs: 9, batchSize: 8) { event in
          if case .stepEnded(let report, _) = event, report.step == last { throw Stop() }
          return .continue
        }
      } catch is Stop {}
      return model
    }
    let (three, four) = (try run(upTo: 3), try run(upTo: 4))
    #expect(try three.value(of: "dense.weight") != initial.value(of: "dense.weight"))
    #expect(try three.value(of: "dense.weight") != four.value(of: "dense.weight"))
    #expect(try run(upTo: 3).value(of: "dense.weight") == three.value(of: "dense.weight"))
  }

  @Test func trainingACopyLeavesTheOriginal() throws {
    let original = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    let before = try original.value(of: "dense.weight")
    var copy = original
    try regression.fit(&copy, to: line(), epochs: 1)
    #expect(try original.value(of: "dense.weight") == before)
    #expect(try copy.value(of: "dense.weight") != before)
  }

  @Test func clipsTheGradient() throws {
    let trainer = Trainer(
      loss: .meanSquaredError, optimizer: .sgd(learningRate: 1), gradientClipNorm: 0.5)
    var model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    let before = try (model.value(of: "dense.weight")[0, 0], model.value(of: "dense.bias")[0])
    let data = try line()
    let state = try trainer.makeState(for: model, fields: data.fields, batchSize: 40)
    let report = try trainer.step(&model, state, on: Batch(allOf: data))
    let after = try (model.value(of: "dense.weight")[0, 0], model.value(of: "dense.bias")[0])
    let (dw, db) = (after.0 - before.0, after.1 - before.1)
    #expect((report.gradientNorm ?? 0) > 0.5)
    #expect(abs((dw * dw + db * db).squareRoot() - 0.5) < 1e-4)
  }

  @Test func classificationReportCountsEveryExample() throws {
    let digits = try Digits.load()
    let model = try Model(
      Preset.digitsCNN.network(inputShape: [8, 8, 1], maximumPixel: 16), inputShape: [8, 8, 1])
    let trainer = Trainer(
      loss: .softmaxCrossEntropy, optimizer: .adam(), metrics: [.accuracy, .topK(10)])
    let result = try trainer.evaluate(model, on: digits.test)
    #expect(result.exampleCount == digits.test.count)
    #expect(result.classification?.total == digits.test.count)
    #expect(result.accuracy == result[.accuracy])
    #expect(result[.topK(10)] == 1)
  }

  @Test func earlyStoppingCountsEpochsWithoutProgress() throws {
    let stopping = EarlyStopping(patience: 2)
    var model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    // A rate of zero makes no progress after the first epoch.
    let still = Trainer(loss: .meanSquaredError, optimizer: .sgd(learningRate: 0))
    let history = try still.fit(&model, to: line(), epochs: 20, shuffles: false) { stopping($0) }
    #expect(history.epochs.count == 3)
  }
}

@Suite struct TrainingErrorTests {
  private func message(
    _ network: some Layer, inputShape: Shape = [8, 8, 1], loss: Loss = .softmaxCrossEntropy,
    metrics: [Metric] = [], batchSize: Int = 8, epochs: Int = 1,
    data: (any Dataset)? = nil
  ) throws -> String {
    var model = try Model(network, inputShape: inputShape)
    let trainer = Trainer(loss: loss, optimizer: .adam(), metrics: metrics)
    do {
      try trainer.fit(
        &model, to: data ?? Digits.load().test, epochs: epochs, batchSize: batchSize)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func softmaxBeforeALossThatAppliesIt() throws {
    let network = Sequential {
      Flatten()
      Dense(outputSize: 10, activation: .softmax)
    }
    #expect(
      try message(network)
        == "The network ends in softmax, which this loss applies itself: leave the last activation "
        + "out and let the network give logits.")
  }

  @Test func dataOfAnotherShape() throws {
    #expect(
      try message(Preset.lenet5.network(inputShape: [28, 28, 1]), inputShape: [28, 28, 1])
        == "'input' expects examples of shape [28, 28, 1]; the data set gives [8, 8, 1] (build the "
        + "model for the data's shape, or convert the data).")
  }

  @Test func labelsForALossOfNumbers() throws {
    let network = Sequential {
      Flatten()
      Dense(outputSize: 10)
    }
    #expect(
      try message(network, loss: .meanSquaredError).contains(
        "expects predictions and targets of one shape"))
    #expect(
      try message(network, metrics: [.binaryAccuracy])
        == "The metric binary_accuracy needs numbers as targets; the data set gives int32.")
  }

  @Test func noEpochs() throws {
    let network = Sequential {
      Flatten()
      Dense(outputSize: 10)
    }
    #expect(
      try message(network, epochs: 0) == "A training needs at least one epoch, not 0.")
    #expect(try !message(network, batchSize: 0).isEmpty)
  }

  @Test func aBatchLargerThanPrepared() throws {
    let data = try line()
    var model = try Model(Dense(outputSize: 1), inputShape: [1])
    let state = try regression.makeState(for: model, fields: data.fields, batchSize: 8)
    let before = try model.value(of: "dense.weight")
    #expect(throws: TrainingError.self) {
      try regression.step(&model, state, on: Batch(allOf: data))
    }
    #expect(try model.value(of: "dense.weight") == before)
  }
}
