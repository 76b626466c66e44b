import Needletail
import Testing

/// A network in which everything occurs that could depend on threads: convolutions, normalisation,
/// pooling, dropout, a residual.
private func network() -> Sequential {
  Sequential {
    Conv2D(outputChannels: 8, kernelSize: 3, padding: .same, useBias: false)
    BatchNorm(activation: .relu)
    Residual(activation: .relu) {
      Conv2D(outputChannels: 8, kernelSize: 3, padding: .same)
    }
    MaxPool2D()
    Dropout(rate: 0.3)
    Flatten()
    Dense(outputSize: 32, activation: .tanh)
    Dense(outputSize: 10)
  }
}

/// Convolutions of every kind: each algorithm computes at least one of them.
private func convolutions() -> Sequential {
  Sequential {
    Conv2D(outputChannels: 16, kernelSize: 3, padding: .same, activation: .relu)
    Conv2D(outputChannels: 16, kernelSize: 3, padding: .same, groups: 16)
    Conv2D(outputChannels: 24, kernelSize: 1)
    Conv2D(outputChannels: 17, kernelSize: 3, padding: .same, activation: .relu)
    MaxPool2D()
    Conv2D(outputChannels: 20, kernelSize: 3, strides: 2, padding: .same)
    BatchNorm(activation: .relu)
    Flatten()
    Dense(outputSize: 10)
  }
}

private func trained(
  threads: Int, seed: UInt64 = 4, optimizer: Optimizer = .adam(learningRate: 2e-3),
  convolution: ConvolutionAlgorithm? = nil, network: Sequential = network(), epochs: Int = 2
) throws -> (model: Model, history: TrainingHistory) {
  let digits = try Digits.load()
  let engine = try Engine(
    options: EngineOptions(threadCount: threads, convolution: convolution))
  var model = try Model(network, inputShape: [8, 8, 1], seed: seed, engine: engine)
  let trainer = Trainer(
    loss: .softmaxCrossEntropy(labelSmoothing: 0.05), optimizer: optimizer, metrics: [.accuracy],
    gradientClipNorm: 5)
  let history = try trainer.fit(
    &model, to: digits.training, validation: digits.test, epochs: epochs, batchSize: 48, seed: seed)
  return (model, history)
}

private func bits(_ model: Model) throws -> [[UInt32]] {
  try model.variables.map { try model.value(of: $0.name).elements.map(\.bitPattern) }
}

@Suite struct DeterminismTests {
  @Test func sameSeedSameBitsOnAnyNumberOfThreads() throws {
    let reference = try trained(threads: 1)
    let expected = try bits(reference.model)
    for threads in [2, 3, 7] {
      let other = try trained(threads: threads)
      #expect(try bits(other.model) == expected, "\(threads) threads")
      #expect(other.history.epochs.map(\.loss) == reference.history.epochs.map(\.loss))
      #expect(other.history.epochs.map(\.validation) == reference.history.epochs.map(\.validation))
    }
    #expect(try bits(trained(threads: 2, seed: 5).model) != expected)
  }

  @Test(arguments: [nil] + ConvolutionAlgorithm.allCases)
  func everyAlgorithmGivesTheSameBitsOnAnyNumberOfThreads(
    _ algorithm: ConvolutionAlgorithm?
  ) throws {
    let network = convolutions()
    let reference = try trained(
      threads: 1, convolution: algorithm, network: network, epochs: 1)
    if let algorithm {
      #expect(reference.model.summary.rows.contains { $0.convolution == algorithm })
    }
    let expected = try bits(reference.model)
    for threads in [2, 3, 7] {
      let other = try trained(
        threads: threads, convolution: algorithm, network: network, epochs: 1)
      #expect(try bits(other.model) == expected, "\(threads) threads")
      #expect(other.history.epochs.map(\.loss) == reference.history.epochs.map(\.loss))
    }
  }

  @Test(arguments: [
    Optimizer.sgd(learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4),
    .adamW(learningRate: .cosine(from: 5e-3, steps: 90)),
  ])
  func everyOptimizerLearnsTheSameOnTwoThreads(optimizer: Optimizer) throws {
    let one = try trained(threads: 1, optimizer: optimizer)
    let two = try trained(threads: 2, optimizer: optimizer)
    #expect(try bits(one.model) == bits(two.model))
    #expect((one.history.epochs.last?.validation?.accuracy ?? 0) > 0.8)
  }
}
