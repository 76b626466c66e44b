import Needletail
import Testing

@Suite struct AugmentedTrainingTests {
  private static let augmentation = Augmentation(
    horizontalFlip: true, verticalFlip: true, shift: 2)

  private func fixture(threads: Int = 1, shuffles: Bool = true) -> CheckpointFixture {
    var fixture = CheckpointFixture(threads: threads)
    // Enough for the threads to fill together.
    fixture.batchSize = 48
    fixture.shuffles = shuffles
    fixture.augmentation = Self.augmentation
    return fixture
  }

  @Test(arguments: [false, true])
  func theSameBitsOnAnyNumberOfThreads(shuffles: Bool) throws {
    let expected = try fixture(shuffles: shuffles).run()
    for threads in [2, 3] {
      let other = try fixture(threads: threads, shuffles: shuffles).run()
      #expect(try other.bits == expected.bits, "\(threads) threads")
      #expect(other.epochs == expected.epochs)
    }
    var plain = fixture(shuffles: shuffles)
    plain.augmentation = nil
    #expect(try plain.run().bits != expected.bits)
    plain.augmentation = Augmentation()
    let unchanged = try plain.run()
    plain.augmentation = nil
    #expect(try plain.run().bits == unchanged.bits)
  }

  /// `fit` is the loop that anyone could write: in each epoch other pixels.
  @Test(arguments: [false, true]) func eachEpochIsAugmentedInItsOwnWay(shuffles: Bool) throws {
    let fixture = fixture(shuffles: shuffles)
    let expected = try fixture.run()
    var model = try fixture.model()
    let (training, trainer) = (try fixture.data().training, fixture.trainer())
    let state = try trainer.makeState(
      for: model, fields: training.fields, batchSize: fixture.batchSize, seed: fixture.seed,
      weighsBatches: true)
    func order(_ epoch: Int) -> ExampleOrder {
      shuffles
        ? .shuffled(seed: fixture.seed, epoch: epoch)
        : .unshuffled(seed: fixture.seed, epoch: epoch)
    }
    let batches = try Batches(
      training, size: fixture.batchSize, order: order(0), augmentation: Self.augmentation)
    for epoch in 0..<fixture.epochs {
      batches.start(order(epoch))
      while let batch = try batches.next() { try trainer.step(&model, state, on: batch) }
    }
    let bits = try model.variables.map {
      try model.value(of: $0.name).elements.map(\.bitPattern)
    }
    #expect(try expected.bits == bits)
  }

  @Test func theImagesOfTheValidationStayAsTheyAre() throws {
    let fixture = fixture()
    let outcome = try fixture.run()
    let validation = try #require(outcome.history.epochs.last?.validation)
    #expect(
      try fixture.trainer().evaluate(outcome.model, on: fixture.data().validation) == validation)
  }

  @Test(arguments: [1, 2, 3], [false, true])
  func aResumedTrainingEndsWithTheSameBits(step: Int, shuffles: Bool) throws {
    var fixture = fixture(threads: 2, shuffles: shuffles)
    let expected = try fixture.run()
    let folder = CheckpointTestFolder()
    _ = try fixture.run(Checkpointing(in: folder.url)) { event, stepCount in
      if case .stepEnded = event, stepCount == step { return .checkpointAndStop }
      return .continue
    }
    fixture.threads = 1
    let resumed = try fixture.run(Checkpointing(in: folder.url, resumes: true))
    #expect(resumed.start?.resumption?.position.stepCount == step)
    #expect(try resumed.bits == expected.bits)
    #expect(resumed.epochs == expected.epochs)
  }

  @Test func anotherAugmentationIsNotResumed() throws {
    var fixture = fixture()
    let (augmented, plain) = (CheckpointTestFolder(), CheckpointTestFolder())
    _ = try fixture.run(Checkpointing(in: augmented.url))
    func message(_ folder: CheckpointTestFolder) -> String {
      let error = #expect(throws: CheckpointError.self) {
        try fixture.run(Checkpointing(in: folder.url, resumes: true))
      }
      #expect(error?.kind == .otherSettings)
      return error?.description ?? ""
    }
    fixture.augmentation?.shift = 1
    #expect(
      message(augmented).contains(
        "augmentation: flip,vertical-flip,shift:2 there, flip,vertical-flip,shift:1 here."))
    fixture.augmentation = nil
    #expect(
      message(augmented).contains("augmentation: flip,vertical-flip,shift:2 there, not set here."))
    _ = try fixture.run(Checkpointing(in: plain.url))
    fixture.augmentation = Augmentation(shift: 1)
    #expect(message(plain).contains("augmentation: not set there, shift:1 here."))
    // One that changes nothing is none.
    fixture.augmentation = Augmentation()
    #expect(
      try fixture.run(Checkpointing(in: plain.url, resumes: true)).start?.resumption?.isComplete
        == true)
  }

  @Test func whatDoesNotSuitTheDataIsRefused() throws {
    let data = try InMemoryDataset(
      inputs: Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6]), labels: [0, 1])
    var model = try Model(Dense(outputSize: 2), inputShape: [3], seed: 1)
    let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.1))
    #expect(throws: DatasetError.self) {
      try trainer.fit(&model, to: data, epochs: 1, augmentation: Self.augmentation)
    }
  }
}
