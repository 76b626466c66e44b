import Foundation
import Needletail

/// A training that is small, and in which everything occurs that a checkpoint must keep: dropout,
/// statistics, moments, a schedule, a last batch that is smaller, a validation.
struct CheckpointFixture {
  static let epochCount = 2
  static let stepsPerEpoch = 4

  var optimizer = Optimizer.adam(
    learningRate: LearningRateSchedule.cosine(from: 3e-3, steps: 6).warmedUp(steps: 2))
  var batchSize = 16
  var seed: UInt64 = 5
  var threads = 1
  var metrics: [Metric] = [.accuracy]
  var shuffles = true
  var augmentation: Augmentation?
  var validates = true
  var classes = 10
  var clip: Float?
  var convolution: ConvolutionAlgorithm?
  var epochs = epochCount

  func trainer() -> Trainer {
    Trainer(
      loss: .softmaxCrossEntropy, optimizer: optimizer, metrics: metrics, gradientClipNorm: clip)
  }

  func model() throws -> Model {
    let network = Sequential {
      Rescale(scale: 1 / 16)
      Conv2D(outputChannels: 4, kernelSize: 3, useBias: false)
      BatchNorm(activation: .relu)
      MaxPool2D()
      Flatten()
      Dropout(rate: 0.25)
      Dense(outputSize: classes)
    }
    return try Model(
      network, inputShape: [8, 8, 1], seed: seed,
      engine: Engine(options: EngineOptions(threadCount: threads, convolution: convolution)))
  }

  func data() throws -> (training: SubsetDataset, validation: SubsetDataset) {
    let digits = try Digits.load()
    return (
      try SubsetDataset(digits.training, indices: Array(0..<55)),
      try SubsetDataset(digits.test, indices: Array(0..<20))
    )
  }

  /// What a training came to.
  struct Outcome {
    let model: Model
    let history: TrainingHistory
    var start: TrainingStart?
    var events: [String] = []

    /// The bits of all variables.
    var bits: [[UInt32]] {
      get throws {
        try model.variables.map { try model.value(of: $0.name).elements.map(\.bitPattern) }
      }
    }

    /// The epochs without their times.
    var epochs: [[String]] {
      history.epochs.map { epoch in
        ["\(epoch.epoch)", "\(epoch.loss)", "\(epoch.metrics)"]
          + (epoch.validation.map {
            ["\($0.loss)", "\($0.metrics)", "\($0.exampleCount)", "\($0.accuracy ?? .nan)"]
          } ?? [])
      }
    }
  }

  /// Trains; `answer` is asked after every event.
  func run(
    _ checkpoints: Checkpointing? = nil,
    answer: (TrainingEvent, _ stepCount: Int) throws -> TrainingAction = { _, _ in .continue }
  ) throws -> Outcome {
    var model = try model()
    let data = try data()
    var start: TrainingStart?
    var events: [String] = []
    var stepCount = 0
    let history = try trainer().fit(
      &model, to: data.training, validation: validates ? data.validation : nil,
      epochs: epochs, batchSize: batchSize, seed: seed, shuffles: shuffles,
      augmentation: augmentation, checkpoints: checkpoints
    ) { event in
      switch event {
      case .started(let found): start = found
      case .stepEnded(let report, _): stepCount = report.step + 1
      case .checkpointed(let report): events.append(report.url.lastPathComponent)
      case .rolledBack(let report): events.append("back to \(report.position.stepCount)")
      case .epochEnded, .validationStepEnded: break
      }
      return try answer(event, stepCount)
    }
    return Outcome(model: model, history: history, start: start, events: events)
  }
}

/// A folder for checkpoints that is there for one test.
final class CheckpointTestFolder {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("needletail-checkpoints-\(UUID().uuidString)")

  /// The checkpoints, by name.
  var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: url.path)
        .filter { !$0.hasPrefix(".") }.sorted()
    }
  }

  func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  deinit { try? FileManager.default.removeItem(at: url) }
}
