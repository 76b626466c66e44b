import Datasets
public import Layers
import Tensors
public import Training

/// How fast steps of a model are.
public struct StepSpeed: Sendable, Hashable {
  /// Examples in a step.
  public let batch: Int
  /// Floating-point operations of a step by the direct count.
  public let operations: Double
  /// How long a step takes.
  public let timing: StepTiming

  /// Examples a second in the fastest window.
  public var examplesPerSecondBest: Double { Double(batch) / timing.best }
  /// Examples a second in the median window.
  public var examplesPerSecondMedian: Double { Double(batch) / timing.median }
  /// The rate of operations in the median window.
  public var gigaflopsPerSecond: Double { operations / timing.median / 1e9 }
}

/// Measures whole training steps of a model that classifies: prediction, gradients and Adam, as
/// `Trainer.fit` makes them, on one batch of made-up examples.
///
/// Copies share the training's memory: use one.
public struct TrainingBenchmark {
  private var model: Model
  private let training: SyntheticTraining

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - model: A model with one input of numbers that classifies. The caller's stays as it is.
  ///   - batch: Examples in a step.
  ///   - seed: Decides the examples.
  /// - Throws: `PredictionError` if the model is none of these; `TrainingError` if a batch cannot
  ///   have so many examples.
  public init(_ model: Model, batch: Int, seed: UInt64 = 0) throws {
    self.model = model
    training = try SyntheticTraining(model, batch: batch, seed: seed)
  }

  /// The memory that the training takes by its plan.
  public var memory: MemoryReport { training.state.memory }

  /// Makes steps for `seconds`, after a warm-up.
  public mutating func measure(seconds: Double) throws -> StepSpeed {
    let timing = try StepTiming.measuring(seconds: seconds) {
      try training.trainer.step(&model, training.state, on: training.batch)
    }
    return StepSpeed(
      batch: training.batch.count,
      operations: model.trainingOperations(batch: training.batch.count), timing: timing)
  }
}

/// Measures predictions of a model, from a tensor to a tensor: `model(x)`.
public struct InferenceBenchmark: Sendable {
  private let model: Model
  private let input: Tensor

  /// Prepares predictions.
  ///
  /// - Parameters:
  ///   - model: A model with one input of numbers.
  ///   - batch: Examples in a call.
  ///   - seed: Decides the examples.
  /// - Throws: `PredictionError` if the model has other inputs.
  public init(_ model: Model, batch: Int, seed: UInt64 = 0) throws {
    self.model = model
    input = try SyntheticExamples.inputs(for: model, count: batch, seed: seed)
  }

  /// Predicts for `seconds`, after a warm-up.
  public func measure(seconds: Double) throws -> StepSpeed {
    let timing = try StepTiming.measuring(seconds: seconds) { _ = try model(input) }
    return StepSpeed(
      batch: input.shape[0], operations: model.forwardOperations(batch: input.shape[0]),
      timing: timing)
  }
}

/// A trainer, its state and a batch of made-up examples.
struct SyntheticTraining {
  let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3))
  let state: TrainingState
  let batch: Batch

  init(_ model: Model, batch count: Int, seed: UInt64) throws {
    batch = try Batch(
      inputs: SyntheticExamples.inputs(for: model, count: count, seed: seed),
      labels: SyntheticExamples.labels(
        classCount: model.classCount(), count: count, seed: seed))
    state = try trainer.makeState(for: model, fields: batch.fields, batchSize: count, seed: seed)
  }
}

/// Made-up examples.
enum SyntheticExamples {
  /// Whole numbers from 0 to 255, as pixels are.
  static func inputs(for model: Model, count: Int, seed: UInt64) throws -> Tensor {
    let shape = try Shape([count] + model.singleInputShape().dimensions)
    guard count >= 1, let size = shape.checkedCount, size < 1 << 40 else {
      throw BenchmarkError(
        .badBatch,
        "A batch of \(count) examples of \(try model.singleInputShape()) cannot be held; "
          + "choose another batch.")
    }
    var random = RandomStream(seed: seed, purpose: .synthesis)
    return Tensor(shape: shape, (0..<size).map { _ in Float(random.next() >> 56) })
  }

  /// Labels below `classCount`.
  static func labels(classCount: Int, count: Int, seed: UInt64) -> [Int32] {
    var random = RandomStream(seed: seed, purpose: .synthesis, index: 1)
    return (0..<count).map { _ in Int32(random.next() % UInt64(classCount)) }
  }
}
