import Foundation
import Needletail
import Testing

@Suite struct ChangedDataTests {
  /// A training of 3 epochs of 3 steps each, with 12 examples.
  private struct Small {
    var inputs = (0..<24).map { Float($0 % 7) / 7 }
    var labels = (0..<12).map { Int32($0 % 3 == 0 ? 1 : 0) }
    var validationInputs: [Float]? = [0.5, 0.25, 1, 0]
    var schedule: LearningRateSchedule?
    var batchSize = 4
    var epochs = 3

    var stepsPerEpoch: Int { (labels.count + batchSize - 1) / batchSize }

    /// Removes the first example.
    mutating func removeFirst() {
      inputs.removeFirst(2)
      labels.removeFirst()
    }

    struct Outcome {
      let model: Model
      let history: TrainingHistory
      let start: TrainingStart?
    }

    func run(
      _ checkpoints: Checkpointing?,
      stopAfter step: Int = .max
    ) throws -> Outcome {
      let network = Sequential {
        Dense(outputSize: 4, activation: .relu)
        Dense(outputSize: 2)
      }
      var model = try Model(network, inputShape: [2], seed: 1)
      let trainer = Trainer(
        loss: .softmaxCrossEntropy,
        optimizer: .adam(learningRate: schedule ?? .constant(0.01)), metrics: [.accuracy])
      var start: TrainingStart?
      let history = try trainer.fit(
        &model,
        to: InMemoryDataset(
          inputs: Tensor(shape: Shape([labels.count, 2]), inputs), labels: labels),
        validation: validationInputs.map {
          try InMemoryDataset(inputs: Tensor(shape: [2, 2], $0), labels: [0, 1])
        }, epochs: epochs, batchSize: batchSize, seed: 3, checkpoints: checkpoints
      ) { event in
        if case .started(let found) = event { start = found }
        if case .stepEnded(let report, _) = event, report.step + 1 == step {
          return .checkpointAndStop
        }
        return .continue
      }
      return Outcome(model: model, history: history, start: start)
    }
  }

  private func refusal(
    of changed: Small, in folder: CheckpointTestFolder, accepting: Bool = false
  ) -> String {
    let error = #expect(throws: CheckpointError.self) {
      try changed.run(
        Checkpointing(in: folder.url, resumes: true, acceptsChangedData: accepting))
    }
    #expect(error?.kind == .otherSettings)
    return error?.description ?? ""
  }

  private func stopped(after step: Int) throws -> CheckpointTestFolder {
    let folder = CheckpointTestFolder()
    _ = try Small().run(Checkpointing(in: folder.url), stopAfter: step)
    return folder
  }

  @Test func otherPixelsUnderTheSameLabelsAreRefused() throws {
    let folder = try stopped(after: 4)
    var changed = Small()
    changed.inputs[23] += 0.5
    #expect(
      refusal(of: changed, in: folder).contains(
        "training data: as many examples there and here, with other content. Resume"))
    changed = Small()
    changed.validationInputs?[3] = 0.75
    let text = refusal(of: changed, in: folder)
    #expect(text.contains("validation data: as many examples there and here, with other content"))
    #expect(text.contains("--resume-with-changed-data"))
    #expect(!text.contains("training data:"))
    // The same data in another place are the same.
    let resumed = try Small().run(Checkpointing(in: folder.url, resumes: true))
    #expect(resumed.start?.resumption?.position.stepCount == 4)
    #expect(resumed.start?.warnings == [])
  }

  @Test func aSubsetOfOtherExamplesIsRefused() throws {
    let digits = try Digits.load()
    func train(_ indices: [Int], in folder: URL, resumes: Bool) throws {
      var model = try Model(
        Sequential {
          Flatten()
          Dense(outputSize: 10)
        }, inputShape: [8, 8, 1], seed: 1)
      try Trainer(loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.01)).fit(
        &model, to: SubsetDataset(digits.training, indices: indices), epochs: 1,
        checkpoints: Checkpointing(in: folder, resumes: resumes))
    }
    let labels = try #require(digits.training.labels)
    let ones = labels.indices.filter { labels[$0] == 1 }
    let folder = CheckpointTestFolder()
    try train(Array(ones[..<8]), in: folder.url, resumes: false)
    let error = #expect(throws: CheckpointError.self) {
      try train(Array(ones[1..<9]), in: folder.url, resumes: true)
    }
    #expect(error?.description.contains("with other content") == true)
  }

  @Test func withAsManyExamplesItGoesOnWhereItStood() throws {
    let folder = try stopped(after: 5)
    var changed = Small()
    changed.inputs[3] = 9
    let options = Checkpointing(in: folder.url, resumes: true, acceptsChangedData: true)
    let resumed = try changed.run(options)
    let start = try #require(resumed.start)
    #expect(start.resumption?.position.stepCount == 5)
    #expect(start.resumption?.position.epochStepCount == 2)
    #expect(start.warnings.count == 1)
    #expect(
      start.warnings.first?.contains("goes on where it stood; its bits are no longer") == true)
    #expect(resumed.history.epochs.count == 3)
    // From here on the new data are those of the training.
    let again = try changed.run(options)
    #expect(again.start?.resumption?.isComplete == true)
    #expect(again.start?.warnings == [])
    #expect(refusal(of: Small(), in: folder).contains("other content"))
  }

  @Test func withOneExampleLessTheEpochBeginsAnew() throws {
    let folder = try stopped(after: 5)
    var changed = Small()
    for _ in 0..<4 { changed.removeFirst() }
    #expect(changed.stepsPerEpoch == 2)
    #expect(refusal(of: changed, in: folder).contains("training data: 12 examples of "))
    let resumed = try changed.run(
      Checkpointing(in: folder.url, resumes: true, acceptsChangedData: true))
    let start = try #require(resumed.start)
    let position = try #require(start.resumption?.position)
    #expect(position.epoch == 2)
    #expect(position.epochStepCount == 0)
    // As if the first epoch had had two steps, too.
    #expect(position.stepCount == 2)
    #expect(start.resumption?.checkpoint?.lastPathComponent == "step-000000002.safetensors")
    #expect(
      start.warnings.first?.contains("begins epoch 2 anew, of which 2 steps of 3 were made") == true
    )
    #expect(resumed.history.epochs.map(\.epoch) == [1, 2, 3])
    // What had the other data is gone, though it bore higher numbers.
    #expect(try folder.names == ["step-000000004.safetensors", "step-000000006.safetensors"])
  }

  @Test func anEpochThatWasOverIsValidatedWithTheNewData() throws {
    let folder = CheckpointTestFolder()
    _ = try Small().run(Checkpointing(in: folder.url, every: .steps(3)), stopAfter: 3)
    var changed = Small()
    for _ in 0..<5 { changed.removeFirst() }
    let resumed = try changed.run(
      Checkpointing(in: folder.url, resumes: true, acceptsChangedData: true))
    #expect(resumed.start?.resumption?.position.epochStepCount == changed.stepsPerEpoch)
    #expect(resumed.start?.resumption?.position.epoch == 1)
    #expect(resumed.history.epochs.count == 3)
  }

  @Test func aScheduleMayHaveOtherStepsAndNothingElse() throws {
    let folder = CheckpointTestFolder()
    var original = Small()
    original.schedule = .cosine(from: 0.01, steps: 9)
    _ = try original.run(Checkpointing(in: folder.url), stopAfter: 4)
    var changed = original
    for _ in 0..<4 { changed.removeFirst() }
    changed.schedule = .cosine(from: 0.02, steps: 6)
    #expect(refusal(of: changed, in: folder, accepting: true).contains("learning rate: cosine"))
    changed.schedule = .cosine(from: 0.01, steps: 6)
    let resumed = try changed.run(
      Checkpointing(in: folder.url, resumes: true, acceptsChangedData: true))
    #expect(resumed.start?.warnings.first?.contains("learning rate: cosine from 0.01") == true)
  }

  /// Data whose files are known by samples and times.
  private struct Sampled: Dataset {
    let base: InMemoryDataset
    let times: String?
    var content = "sample"
    var count: Int { base.count }
    var fields: [BatchField] { base.fields }
    var classNames: [String]? { nil }
    func fingerprint(of indices: [Int]) -> DataFingerprint? {
      DataFingerprint(content: content, times: times)
    }
    func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) {
      base.fill(batch, at: slot, with: indices)
    }
  }

  @Test func otherTimesOfFilesAreToldAndNotRefused() throws {
    let folder = CheckpointTestFolder()
    func warnings(_ times: String?, content: String = "sample") throws -> [String] {
      let base = try InMemoryDataset(
        inputs: Tensor(shape: [2, 2], [1, 2, 3, 4]), targets: Tensor(shape: [2, 1], [0, 1]))
      var model = try Model(Sequential { Dense(outputSize: 1) }, inputShape: [2], seed: 1)
      var warnings: [String] = []
      try Trainer(loss: .meanSquaredError, optimizer: .sgd(learningRate: 0.01)).fit(
        &model, to: Sampled(base: base, times: times, content: content), epochs: 1,
        checkpoints: Checkpointing(
          in: folder.url, resumes: true, acceptsChangedData: content != "sample")
      ) { event in
        if case .started(let start) = event { warnings = start.warnings }
        return .continue
      }
      return warnings
    }
    #expect(try warnings("old") == [])
    #expect(try warnings("old") == [])
    #expect(try warnings(nil) == [])
    let later = try warnings("new")
    #expect(later.count == 1)
    #expect(later.first?.contains("the files of the training data have other times") == true)
    // Where the content is known to be another, nothing says that it is the same.
    let changed = try warnings("newer", content: "other")
    #expect(changed.count == 1)
    #expect(changed.first?.contains("written with other data: training data:") == true)
  }

  @Test func nothingElseMayDiffer() throws {
    let folder = try stopped(after: 4)
    var changed = Small()
    changed.removeFirst()
    changed.batchSize = 5
    #expect(refusal(of: changed, in: folder, accepting: true).contains("batch size: 4 there"))
    changed = Small()
    changed.validationInputs = nil
    #expect(
      refusal(of: changed, in: folder, accepting: true).contains("validation data: 2 examples"))
    // Where nothing differs, accepting changes nothing.
    let expected = try Small().run(nil)
    let resumed = try Small().run(
      Checkpointing(in: folder.url, resumes: true, acceptsChangedData: true))
    #expect(resumed.start?.warnings == [])
    #expect(
      try resumed.model.value(of: "0.weight") == expected.model.value(of: "0.weight"))
  }
}
