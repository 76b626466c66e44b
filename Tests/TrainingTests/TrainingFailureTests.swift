import Foundation
import Needletail
import Synchronization
import Testing

@Suite struct TrainingFailureTests {
  private struct Stumble: Error, CustomStringConvertible {
    let description = "the listener has stumbled."
  }

  /// A data set that cannot be read while `isBroken`.
  private final class Fragile: Dataset {
    let base: SubsetDataset
    let isBroken = Atomic<Bool>(false)
    var count: Int { base.count }
    var fields: [BatchField] { base.fields }
    var classNames: [String]? { base.classNames }
    var labels: [Int32]? { base.labels }

    init(_ base: SubsetDataset) { self.base = base }

    func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) throws {
      if isBroken.load(ordering: .relaxed) {
        throw DatasetError(
          .malformed, at: "cat/7.png", expected: "an image", found: "damage",
          advice: "remove the file")
      }
      try base.fill(batch, at: slot, with: indices)
    }
  }

  private let fixture = CheckpointFixture()

  /// Trains on fragile data.
  private func run(
    _ checkpoints: Checkpointing?, onEvent: (TrainingEvent, Fragile, Fragile) throws -> Void
  ) throws -> Model {
    var model = try fixture.model()
    let data = try fixture.data()
    let (training, validation) = (Fragile(data.training), Fragile(data.validation))
    try fixture.trainer().fit(
      &model, to: training, validation: validation, epochs: 2, batchSize: fixture.batchSize,
      seed: fixture.seed, checkpoints: checkpoints
    ) { event in
      try onEvent(event, training, validation)
      return .continue
    }
    return model
  }

  private func bits(_ model: Model) throws -> [[Float]] {
    try model.variables.map { try model.value(of: $0.name).elements }
  }

  /// Expects a failure after a number of steps, from which a training goes on to the same bits.
  private func expectFailure(
    _ folder: CheckpointTestFolder, after stepCount: Int,
    sourceLocation: SourceLocation = #_sourceLocation,
    onEvent: (TrainingEvent, Fragile, Fragile) throws -> Void
  ) throws -> TrainingFailure? {
    let expected = try run(nil) { _, _, _ in }
    let failure = #expect(throws: TrainingFailure.self, sourceLocation: sourceLocation) {
      try run(Checkpointing(in: folder.url, every: .epochs(9)), onEvent: onEvent)
    }
    #expect(
      failure?.checkpoint?.position.stepCount == stepCount, sourceLocation: sourceLocation)
    #expect(failure?.checkpointError == nil, sourceLocation: sourceLocation)
    #expect(
      failure.map { "\($0)".contains("\($0.checkpoint?.url.path ?? "?"): mend the cause") } == true,
      sourceLocation: sourceLocation)
    var start: TrainingStart?
    let resumed = try run(Checkpointing(in: folder.url, resumes: true)) { event, _, _ in
      if case .started(let found) = event { start = found }
    }
    #expect(start?.resumption?.position.stepCount == stepCount, sourceLocation: sourceLocation)
    #expect(try bits(resumed) == bits(expected), sourceLocation: sourceLocation)
    return failure
  }

  @Test func anErrorOfTheListenerIsThrownAfterACheckpoint() throws {
    let folder = CheckpointTestFolder()
    let failure = try expectFailure(folder, after: 3) { event, _, _ in
      if case .stepEnded(let report, _) = event, report.step == 2 { throw Stumble() }
    }
    #expect(failure?.error is Stumble)
    #expect(
      "\(try #require(failure))".hasPrefix("the listener has stumbled. A checkpoint after 3 "))
  }

  @Test func anErrorAtTheEndOfAnEpochLosesNoEpoch() throws {
    let folder = CheckpointTestFolder()
    let failure = try expectFailure(folder, after: 4) { event, _, _ in
      if case .epochEnded = event { throw Stumble() }
    }
    #expect(failure?.checkpoint?.position.epoch == 2)
  }

  @Test func aBatchThatCannotBeReadIsThrownAfterACheckpoint() throws {
    let folder = CheckpointTestFolder()
    // The batch after the one that is filled meanwhile.
    let failure = try expectFailure(folder, after: 6) { event, training, _ in
      if case .stepEnded(let report, _) = event, report.step == 4 {
        usleep(200_000)
        training.isBroken.store(true, ordering: .relaxed)
      }
    }
    #expect((failure?.error as? DatasetError)?.place == "cat/7.png")
  }

  @Test func anErrorInTheValidationIsThrownAfterACheckpoint() throws {
    let folder = CheckpointTestFolder()
    let failure = try expectFailure(folder, after: 4) { event, _, validation in
      if case .stepEnded(let report, _) = event, report.step == 3 {
        validation.isBroken.store(true, ordering: .relaxed)
      }
    }
    #expect(failure?.checkpoint?.position.epoch == 1)
    #expect(failure?.checkpoint?.position.epochStepCount == 4)
  }

  @Test func withoutCheckpointsAndBeforeAStepErrorsComeAsTheyAre() throws {
    #expect(throws: Stumble.self) {
      try run(nil) { event, _, _ in
        if case .stepEnded = event { throw Stumble() }
      }
    }
    let folder = CheckpointTestFolder()
    #expect(throws: DatasetError.self) {
      try run(Checkpointing(in: folder.url)) { event, training, _ in
        if case .started = event { training.isBroken.store(true, ordering: .relaxed) }
      }
    }
    #expect(try folder.names.isEmpty)
  }

  @Test func aCheckpointThatIsThereIsNotWrittenAgain() throws {
    let folder = CheckpointTestFolder()
    let failure = #expect(throws: TrainingFailure.self) {
      try run(Checkpointing(in: folder.url)) { event, _, _ in
        if case .checkpointed = event { throw Stumble() }
      }
    }
    #expect(failure?.checkpoint?.url.lastPathComponent == "step-000000004.safetensors")
    #expect(try folder.names == ["step-000000004.safetensors"])
  }

  @Test func aCheckpointThatCannotBeWrittenIsToldBesides() throws {
    let folder = CheckpointTestFolder()
    let failure = #expect(throws: TrainingFailure.self) {
      try run(Checkpointing(in: folder.url)) { event, _, _ in
        if case .stepEnded = event {
          try FileManager.default.removeItem(at: folder.url)
          throw Stumble()
        }
      }
    }
    #expect(failure?.error is Stumble)
    #expect(failure?.checkpoint == nil)
    #expect(failure?.checkpointError is CheckpointError)
    #expect(failure.map { "\($0)".contains("No checkpoint could be written") } == true)
  }

  @Test func aCancelledTrainingWritesACheckpointToo() async throws {
    let folder = CheckpointTestFolder()
    let (fixture, url) = (fixture, folder.url)
    let task = Task {
      _ = try fixture.run(Checkpointing(in: url, every: .epochs(9))) { event, stepCount in
        if case .stepEnded = event, stepCount == 2 { withUnsafeCurrentTask { $0?.cancel() } }
        return .continue
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try folder.names == ["step-000000002-extra.safetensors"])
  }
}
