import Foundation
import Needletail
import Testing

@Suite struct CheckpointTests {
  @Test(arguments: 1...8)
  func aTrainingThatStoppedAfterAnyStepEndsWithTheSameBits(step: Int) throws {
    let expected = try CheckpointFixture().run()
    var fixture = CheckpointFixture(threads: 1 + step % 3)
    let folder = CheckpointTestFolder()
    let first = try fixture.run(Checkpointing(in: folder.url)) { event, stepCount in
      if case .stepEnded = event, stepCount == step { return .checkpointAndStop }
      return .continue
    }
    #expect(first.history.wasStopped)
    #expect(try first.bits != expected.bits || step == 8)
    fixture.threads = 3 - step % 3
    let second = try fixture.run(Checkpointing(in: folder.url, resumes: true))
    #expect(second.start?.resumption?.position.stepCount == step)
    #expect(second.start?.resumption?.position.epoch == 1 + (step - 1) / 4)
    #expect(try second.bits == expected.bits)
    #expect(second.epochs == expected.epochs)
    #expect(second.history.epochs.count == 2)
    #expect(!second.history.wasStopped)
  }

  @Test(arguments: [
    Optimizer.sgd(learningRate: 0.05), .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true),
    .adamW(learningRate: .step(from: 1e-2, every: 3)),
    .adam(learningRate: .exponential(from: 1e-2, factor: 0.5, every: 4), amsgrad: true),
  ])
  func everyOptimizerGoesOnAsItWas(optimizer: Optimizer) throws {
    let fixture = CheckpointFixture(optimizer: optimizer, validates: false, clip: 1)
    let expected = try fixture.run()
    let folder = CheckpointTestFolder()
    _ = try fixture.run(Checkpointing(in: folder.url)) { _, stepCount in
      stepCount == 6 ? .checkpointAndStop : .continue
    }
    let resumed = try fixture.run(Checkpointing(in: folder.url, resumes: true))
    #expect(try resumed.bits == expected.bits)
    #expect(resumed.epochs == expected.epochs)
  }

  @Test func aValidationThatWasStoppedIsDoneAgain() throws {
    let fixture = CheckpointFixture()
    let expected = try fixture.run()
    let folder = CheckpointTestFolder()
    let first = try fixture.run(Checkpointing(in: folder.url)) { event, _ in
      if case .validationStepEnded = event { return .checkpointAndStop }
      return .continue
    }
    #expect(first.history.epochs.isEmpty)
    #expect(first.history.wasStopped)
    #expect(first.events == ["step-000000004-extra.safetensors"])
    let second = try fixture.run(Checkpointing(in: folder.url, resumes: true))
    #expect(try second.bits == expected.bits)
    #expect(second.epochs == expected.epochs)
  }

  @Test func checkpointsAreWrittenWhenTheyAreDue() throws {
    let fixture = CheckpointFixture()
    func written(_ checkpoints: Checkpointing) throws -> [String] {
      try fixture.run(checkpoints).events
    }
    let folders = (0..<4).map { _ in CheckpointTestFolder() }
    #expect(
      try written(Checkpointing(in: folders[0].url))
        == ["step-000000004.safetensors", "step-000000008.safetensors"])
    #expect(
      try written(Checkpointing(in: folders[1].url, every: .steps(3), keepCount: 1))
        == [
          "step-000000003.safetensors", "step-000000006.safetensors",
          "step-000000008-extra.safetensors",
        ])
    #expect(
      try folders[1].names == ["step-000000006.safetensors", "step-000000008-extra.safetensors"])
    #expect(
      try written(Checkpointing(in: folders[2].url, every: .epochs(5)))
        == ["step-000000008-extra.safetensors"])
    // Due at every step.
    #expect(
      try written(Checkpointing(in: folders[3].url, every: .minutes(1e-9), keepCount: 3)).count
        == 9)
    #expect(
      try folders[3].names == [
        "step-000000006.safetensors", "step-000000007.safetensors",
        "step-000000008-extra.safetensors", "step-000000008.safetensors",
      ])
  }

  @Test func anExtraCheckpointIsKeptUntilOneIsDue() throws {
    let fixture = CheckpointFixture()
    let folder = CheckpointTestFolder()
    var seen: [[String]] = []
    _ = try fixture.run(Checkpointing(in: folder.url, keepCount: 1)) { event, stepCount in
      if case .checkpointed = event { seen.append(try folder.names) }
      if case .stepEnded = event, stepCount == 2 || stepCount == 3 { return .checkpoint }
      return .continue
    }
    #expect(
      seen == [
        ["step-000000002-extra.safetensors"], ["step-000000003-extra.safetensors"],
        ["step-000000004.safetensors"], ["step-000000008.safetensors"],
      ])
  }

  @Test func withoutACheckpointATrainingStartsAfresh() throws {
    let folder = CheckpointTestFolder()
    let outcome = try CheckpointFixture().run(Checkpointing(in: folder.url, resumes: true))
    let resumption = try #require(outcome.start?.resumption)
    #expect(resumption.checkpoint == nil)
    #expect(resumption.position.stepCount == 0)
    #expect(outcome.history.epochs.count == 2)
  }

  @Test func aFinishedTrainingHasNothingToDoAndCanBeExtended() throws {
    var fixture = CheckpointFixture(optimizer: .adam(learningRate: 1e-3))
    let folder = CheckpointTestFolder()
    let finished = try fixture.run(Checkpointing(in: folder.url))
    let again = try fixture.run(Checkpointing(in: folder.url, resumes: true))
    #expect(again.start?.resumption?.isComplete == true)
    #expect(again.events == [])
    #expect(!again.history.wasStopped)
    #expect(try again.bits == finished.bits)
    #expect(again.epochs == finished.epochs)
    fixture.epochs = 3
    let longer = try fixture.run(Checkpointing(in: folder.url, resumes: true))
    #expect(longer.history.epochs.count == 3)
    #expect(try longer.bits == fixture.run().bits)
    fixture.epochs = 1
    let error = #expect(throws: CheckpointError.self) {
      try fixture.run(Checkpointing(in: folder.url, resumes: true))
    }
    #expect(error?.kind == .otherSettings)
  }

  @Test func aCheckpointIsAModel() throws {
    let folder = CheckpointTestFolder()
    let outcome = try CheckpointFixture().run(Checkpointing(in: folder.url))
    let model = try Model(contentsOf: folder.file("step-000000008.safetensors"))
    #expect(model.metadata.classNames == outcome.model.metadata.classNames)
    for variable in model.variables {
      #expect(try model.value(of: variable.name) == outcome.model.value(of: variable.name))
    }
  }

  @Test func earlyStoppingRemembers() throws {
    var fixture = CheckpointFixture()
    fixture.epochs = 30
    // Never better by so much: the first epoch is the best, and two more are waited for.
    func rule() -> EarlyStopping { EarlyStopping(patience: 2, minimumImprovement: 100) }
    let expected = rule()
    let whole = try fixture.run { event, _ in expected(event) }
    #expect(whole.history.epochs.count == 3)
    let folder = CheckpointTestFolder()
    let first = rule()
    _ = try fixture.run(Checkpointing(in: folder.url)) { event, stepCount in
      if case .stepEnded = event, stepCount == 10 { return .checkpointAndStop }
      return first(event)
    }
    let second = rule()
    let resumed = try fixture.run(Checkpointing(in: folder.url, resumes: true)) { event, _ in
      second(event)
    }
    #expect(resumed.history.epochs.count == 3)
    #expect(try resumed.bits == whole.bits)
    let third = rule()
    let over = try fixture.run(Checkpointing(in: folder.url, resumes: true)) { event, _ in
      third(event)
    }
    #expect(over.history.epochs.count == 3)
    #expect(try over.bits == whole.bits)
  }

  @Test func intervalsAreRead() throws {
    #expect(try CheckpointInterval("500steps") == .steps(500))
    #expect(try CheckpointInterval("1 step") == .steps(1))
    #expect(try CheckpointInterval("3") == .epochs(3))
    #expect(try CheckpointInterval("1epoch") == .epochs(1))
    #expect(try CheckpointInterval("0.5minutes") == .minutes(0.5))
    for text in [
      "", "0steps", "1.5epochs", "-1steps", "0minutes", "5hours", "steps", "1.2.3minutes",
    ] {
      #expect(throws: TrainingError.self, "\(text)") { try CheckpointInterval(text) }
    }
    for interval in [
      CheckpointInterval.steps(1), .steps(20), .epochs(2), .minutes(1), .minutes(2.5),
    ] {
      #expect(try CheckpointInterval(interval.description) == interval)
    }
  }
}
