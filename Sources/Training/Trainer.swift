public import Datasets
package import Graphs
import Kernels
public import Layers
import Tensors
import Threads

/// What training makes small, how, and what it reports: all that `fit` needs besides a model and
/// data.
///
///     let trainer = Trainer(
///       loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3), metrics: [.accuracy])
///     try trainer.fit(&model, to: digits.training, epochs: 10, batchSize: 64)
public struct Trainer: Sendable {
  /// What is made small.
  public let loss: Loss
  /// How gradients change parameters.
  public let optimizer: Optimizer
  /// What is reported besides the loss.
  public let metrics: [Metric]
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  ///
  /// Nil leaves them.
  public let gradientClipNorm: Float?

  /// Creates a trainer.
  ///
  /// - Parameters:
  ///   - loss: What is made small.
  ///   - optimizer: How gradients change parameters.
  ///   - metrics: What is reported besides the loss.
  ///   - gradientClipNorm: The largest Euclidean norm of all gradients together (Pascanu et al.,
  ///     ICML 2013); by default gradients are left as they are.
  public init(
    loss: Loss, optimizer: Optimizer, metrics: [Metric] = [], gradientClipNorm: Float? = nil
  ) {
    precondition(gradientClipNorm.map { $0 > 0 } ?? true, "A norm to clip at must be positive.")
    self.loss = loss
    self.optimizer = optimizer
    self.metrics = metrics
    self.gradientClipNorm = gradientClipNorm
  }
}

/// What training remembers between steps besides the model: the optimizer's moments, how many steps
/// were made, and the compiled plan.
///
/// For one training of one model.
public final class TrainingState {
  /// How many steps were made.
  public internal(set) var stepCount = 0
  /// The seed of the random numbers that steps draw, for dropout and its like.
  public let seed: UInt64
  /// What learning rates are multiplied by: less than 1 after a training has gone back.
  var rateFactor: Float = 1
  package let program: TrainingProgram
  /// What the state was made for.
  let modelGraph: Graph
  let optimizer: Optimizer
  let moments: [AlignedBuffer<Float>]
  let normScratch: AlignedBuffer<Float>

  /// Bytes that training holds besides the data: by purpose.
  public let memory: MemoryReport

  init(
    program: TrainingProgram, modelGraph: Graph, optimizer: Optimizer, seed: UInt64
  ) throws(MemoryError) {
    self.program = program
    self.modelGraph = modelGraph
    self.optimizer = optimizer
    self.seed = seed
    let count = program.graph.layout.trainableCount
    self.moments = try optimizer.makeMoments(count: count)
    self.normScratch = try AlignedBuffer(
      count: Reductions.scratchCount(count: program.graph.layout.count) + 16,
      for: "the sums of the gradients")
    self.memory = MemoryReport(
      parameterByteCount: program.graph.layout.count * 4,
      gradientByteCount: program.gradients.count * 4,
      optimizerByteCount: (moments + [normScratch]).reduce(0) { $0 + $1.count * 4 },
      activationByteCount: program.plan.arenaByteCount)
    program.context.randomKey = RandomStream(seed: seed, purpose: .dropout).key
  }
}

/// What one step did.
public struct StepReport: Sendable, Hashable {
  /// The number of the step, from 0.
  public let step: Int
  /// The loss of the batch before the step.
  public let loss: Float
  /// The learning rate of the step.
  public let learningRate: Float
  /// The norm of all gradients before clipping; nil without clipping.
  public let gradientNorm: Float?
  /// How many examples there were.
  public let exampleCount: Int
}

/// How much memory a training takes, known before it runs.
public struct MemoryReport: Sendable, Hashable {
  /// Parameters and statistics.
  public let parameterByteCount: Int
  /// Gradients.
  public let gradientByteCount: Int
  /// What the optimizer remembers.
  public let optimizerByteCount: Int
  /// Activations, their gradients and scratch memory.
  public let activationByteCount: Int

  /// Activations of the evaluation of a validation set, if there is one.
  public internal(set) var validationByteCount = 0

  /// All together.
  public var byteCount: Int {
    parameterByteCount + gradientByteCount + optimizerByteCount + activationByteCount
      + validationByteCount
  }
}

extension Trainer {
  /// Prepares a training: compiles the plan and takes its memory.
  ///
  /// - Parameters:
  ///   - model: The model to be trained.
  ///   - fields: What the batches hold: `dataset.fields`.
  ///   - batchSize: The most examples in a batch.
  ///   - seed: Decides what dropout and its like draw.
  ///   - weighsBatches: Whether a batch with fewer examples than `batchSize` changes running statistics by
  ///     its share, as in `fit`, whose last batches may be small; all count alike by default.
  /// - Throws: `TrainingError` if the data do not suit the model or the loss; `ShapeError` if the
  ///   loss does not suit the output; `MemoryError` if the memory is not there, with the largest batch
  ///   that would fit; `EngineError` in a forked child.
  public func makeState(
    for model: Model, fields: [BatchField], batchSize: Int, seed: UInt64 = 0,
    weighsBatches: Bool = false
  ) throws -> TrainingState {
    try makeState(
      for: model, fields: fields, batchSize: batchSize, seed: seed, weighsBatches: weighsBatches
    ) { _ in 0 }
  }

  /// The same, where the caller is going to take more memory.
  ///
  /// - Parameter besides: How much, by the size of batches.
  func makeState(
    for model: Model, fields: [BatchField], batchSize: Int, seed: UInt64, weighsBatches: Bool,
    besides: (_ batch: Int) -> Int
  ) throws -> TrainingState {
    let program = try TrainingProgram(
      model: model, loss: loss, fields: fields, maximumBatch: batchSize, isTraining: true,
      momentCount: optimizer.momentCount, besides: besides)
    try check(metrics, fields: fields)
    if weighsBatches { program.context.wholeBatch = program.plan.maximumBatch }
    return try TrainingState(
      program: program, modelGraph: model.graph, optimizer: optimizer, seed: seed)
  }

  /// Makes one step of training: predicts a batch, finds the gradients of the loss, changes the
  /// parameters.
  ///
  /// The model's memory is changed in place if nobody shares it. Allocates nothing after the first
  /// step.
  ///
  /// - Throws: `TrainingError` if the batch is empty, larger or of other fields than the state was
  ///   made for; `EngineError` in a forked child. The model is then unchanged. `DivergenceError` if
  ///   the loss or, with clipping, the norm of the gradients is not finite; only statistics are then
  ///   changed.
  @discardableResult
  public func step(
    _ model: inout Model, _ state: TrainingState, on batch: Batch
  ) throws -> StepReport {
    try step(&model, state, on: batch) { plan, context in plan.run(context) }
  }

  /// The same step, its plan run by the caller: for those who look at it while it runs.
  ///
  /// - Parameter run: Does what `Plan.run` does.
  package func step(
    _ model: inout Model, _ state: TrainingState, on batch: Batch,
    run: (Plan, ExecutionContext) -> Void
  ) throws -> StepReport {
    try Engine.check()
    let program = state.program
    guard model.graph === state.modelGraph, optimizer == state.optimizer else {
      throw TrainingError(
        "The state was made for another model or by a trainer with another optimizer; make one with "
          + "this trainer's makeState for this model.")
    }
    guard program.accepts(batch), batch.count > 0 else {
      throw TrainingError(
        "The step was prepared for 1 to \(program.plan.maximumBatch) examples with other fields or "
          + "sizes than the batch of \(batch.count); make the state for the data set's fields and "
          + "batch size.")
    }
    let team = program.context.team
    let range = 0..<program.graph.layout.trainableCount
    program.context.step = UInt64(state.stepCount)
    let norm = try model.parameters.withUnsafeMutablePointer { parameters -> Float? in
      program.feed(batch, variables: parameters)
      run(program.plan, program.context)
      guard program.loss.isFinite else {
        throw state.divergence(parameters: UnsafePointer(parameters), loss: program.loss)
      }
      let gradients = UnsafePointer(program.gradients.pointer)
      var scale: Float = 1
      var norm: Float?
      if let limit = gradientClipNorm {
        let result = state.normScratch.pointer
        Reductions.sumOfSquares(
          count: range.count, x: gradients, result: result, scratch: result + 16, team: team)
        let found = result.pointee.squareRoot()
        guard found.isFinite else {
          throw state.divergence(parameters: UnsafePointer(parameters), loss: program.loss)
        }
        norm = found
        // As PyTorch: the small number keeps a gradient of zero from dividing by zero.
        scale = min(1, limit / (found + 1e-6))
      }
      optimizer.update(
        step: state.stepCount, rateFactor: state.rateFactor, range: range, parameters: parameters,
        gradients: gradients, moments: state.moments, gradientScale: scale, team: team)
      return norm
    }
    let report = StepReport(
      step: state.stepCount, loss: program.loss,
      learningRate: optimizer.learningRate(step: state.stepCount) * state.rateFactor,
      gradientNorm: norm, exampleCount: batch.count)
    state.stepCount += 1
    return report
  }

  func check(_ metrics: [Metric], fields: [BatchField]) throws {
    guard let target = fields.first(where: { $0.name == "target" }) else { return }
    for metric in metrics where metric.needsLabels != (target.elementType == .int32) {
      throw TrainingError(
        "The metric \(metric.name) needs \(metric.needsLabels ? "class labels" : "numbers") as "
          + "targets; the data set gives \(target.elementType.rawValue).")
    }
  }
}
