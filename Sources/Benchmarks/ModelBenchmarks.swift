import Datasets
import Graphs
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

/// Measures whole training steps of a model: prediction, gradients and Adam, as `Trainer.fit` makes
/// them, on one batch of made-up examples.
///
/// The loss is the softmax cross-entropy where the model's first output is logits of classes, else the
/// mean squared error.
///
/// Copies share the training's memory: use one.
public struct TrainingBenchmark {
  private var model: Model
  private let training: SyntheticTraining

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - model: A model with one input of numbers. The caller's stays as it is.
  ///   - batch: Examples in a step.
  ///   - seed: Decides the examples.
  /// - Throws: `PredictionError` if the model has other inputs; `TrainingError` if it cannot be trained,
  ///   or a batch cannot have so many examples; `MemoryError` if the memory is not there.
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
  let trainer: Trainer
  let state: TrainingState
  let batch: Batch

  init(_ model: Model, batch count: Int, seed: UInt64) throws {
    let inputs = try SyntheticExamples.inputs(for: model, count: count, seed: seed)
    let loss: Loss
    if let classCount = Self.logitCount(of: model) {
      loss = .softmaxCrossEntropy
      batch = try Batch(
        inputs: inputs,
        labels: SyntheticExamples.labels(classCount: classCount, count: count, seed: seed))
    } else {
      loss = .meanSquaredError
      batch = try Batch(
        inputs: inputs, targets: SyntheticExamples.targets(for: model, count: count, seed: seed))
    }
    trainer = Trainer(loss: loss, optimizer: .adam(learningRate: 1e-3))
    state = try trainer.makeState(for: model, fields: batch.fields, batchSize: count, seed: seed)
  }

  /// The number of classes of a model whose output is logits; nil for others.
  private static func logitCount(of model: Model) -> Int? {
    // Throws for outputs of other forms, which is what is asked.
    guard let count = try? model.classCount(), let output = model.graph.outputs.first,
      model.graph.activation(producing: output).map({ $0 != .softmax && $0 != .logSoftmax }) ?? true
    else { return nil }
    return count
  }
}

/// Made-up examples.
enum SyntheticExamples {
  /// Whole numbers from 0 to 255, as pixels are.
  static func inputs(for model: Model, count: Int, seed: UInt64) throws -> Tensor {
    var random = RandomStream(seed: seed, purpose: .synthesis)
    return try values(of: model.singleInputShape(), count: count) { Float(random.next() >> 56) }
  }

  /// Numbers from 0 to 1 in the shape of the model's first output.
  static func targets(for model: Model, count: Int, seed: UInt64) throws -> Tensor {
    var random = RandomStream(seed: seed, purpose: .synthesis, index: 1)
    let shape = model.graph.outputs.first?.type.fixedShape ?? []
    return try values(of: shape, count: count) { Float(random.next() >> 40) * 0x1p-24 }
  }

  private static func values(
    of shape: Shape, count: Int, _ next: () -> Float
  ) throws -> Tensor {
    let all = Shape([count] + shape.dimensions)
    guard count >= 1, let size = all.checkedCount, size < 1 << 40 else {
      throw BenchmarkError(
        .badBatch,
        "A batch of \(counted(count, "example")) of \(shape) cannot be held; choose another batch.")
    }
    // As an array, and copied to a tensor.
    do {
      try MemoryError.check(2 * 4 * size, for: "\(counted(count, "example")) of \(shape)")
    } catch {
      throw error.advising("choose a smaller batch")
    }
    return Tensor(shape: all, (0..<size).map { _ in next() })
  }

  /// Labels below `classCount`.
  static func labels(classCount: Int, count: Int, seed: UInt64) -> [Int32] {
    var random = RandomStream(seed: seed, purpose: .synthesis, index: 1)
    return (0..<count).map { _ in Int32(random.next() % UInt64(classCount)) }
  }
}
