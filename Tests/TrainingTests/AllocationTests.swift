import CAllocationCount
import Needletail
import Testing

/// A training of steps on batches in memory, on three threads.
private func allocationsOfFiveSteps(wasteful: Bool) throws -> Int {
  let engine = try Engine(options: EngineOptions(threadCount: 3))
  let network = Sequential {
    Rescale(scale: 1 / 16)
    Conv2D(outputChannels: 8, kernelSize: 3, padding: .same, useBias: false)
    BatchNorm(activation: .relu)
    Residual(activation: .relu) {
      Conv2D(outputChannels: 8, kernelSize: 3, padding: .same, activation: .sigmoid)
    }
    MaxPool2D()
    AveragePool2D(poolSize: 3, strides: 1)
    Dropout(rate: 0.3)
    Flatten()
    // Wide enough for products that leave out zeros.
    Dense(outputSize: 128, activation: .relu)
    Dense(outputSize: 128, activation: .gelu)
    Dense(outputSize: 10)
  }
  let data = try Digits.load().training
  var model = try Model(network, inputShape: [8, 8, 1], seed: 1, engine: engine)
  let trainer = Trainer(
    loss: .softmaxCrossEntropy(classWeights: [Float](repeating: 1, count: 10)),
    optimizer: .adam(learningRate: .cosine(from: 1e-3, steps: 100)), gradientClipNorm: 1)
  let state = try trainer.makeState(for: model, fields: data.fields, batchSize: 64)
  let batch = try Batch(fields: data.fields, capacity: 64)
  try Array(0..<64).withUnsafeBufferPointer { try data.fill(batch, with: $0) }
  // On a busy machine the last thread may take a while to start.
  for _ in 0..<100 { try trainer.step(&model, state, on: batch) }
  let before = allocation_count()
  for _ in 0..<5 {
    let report = try trainer.step(&model, state, on: batch)
    if wasteful { print([report.loss]) }
  }
  return allocation_count() - before
}

/// Five augmented batches, on three threads.
private func allocationsOfFiveBatches() throws -> Int {
  let team = WorkerTeam(threadCount: 3)
  let batches = try Batches(
    Digits.load().training, size: 64, order: .shuffled(seed: 1, epoch: 0),
    augmentation: Augmentation(horizontalFlip: true, verticalFlip: true, shift: 2))
  batches.team = team
  for _ in 0..<100 {
    batches.start(at: 0)
    while try batches.next() != nil {}
  }
  batches.start(.shuffled(seed: 1, epoch: 1))
  let before = allocation_count()
  for _ in 0..<5 { _ = try batches.next() }
  return allocation_count() - before
}

@Suite struct AllocationTests {
  @Test(.enabled(if: allocation_count_works(), "needs glibc, without a sanitizer"))
  func anAugmentedBatchAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let count = try allocationsOfFiveBatches()
      try #require(count == 0, "\(count) allocations in five batches")
    }
  }

  // In a process of its own, where nothing else takes memory.
  @Test(.enabled(if: allocation_count_works(), "needs glibc, without a sanitizer"))
  func aStepAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let count = try allocationsOfFiveSteps(wasteful: false)
      try #require(count == 0, "\(count) allocations in five steps")
    }
  }

  @Test(.enabled(if: allocation_count_works(), "needs glibc, without a sanitizer"))
  func theCountCanFail() async {
    await #expect(processExitsWith: .success) {
      try #require(try allocationsOfFiveSteps(wasteful: true) > 0)
    }
  }
}
