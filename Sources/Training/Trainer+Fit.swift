public import Datasets
import Dispatch
import Graphs
public import Layers
import Threads

extension Trainer {
  /// Trains a model on a data set.
  ///
  ///     try trainer.fit(&model, to: digits.training, validation: digits.test, epochs: 10) { event in
  ///       if case .epochEnded(let report) = event { print(report.loss) }
  ///       return .continue
  ///     }
  ///
  /// The same seed gives the same bits on any number of threads, and whether or not the training was
  /// interrupted and resumed from a checkpoint. Cancelling the Swift task that runs it ends it before
  /// the next step.
  ///
  /// - Parameters:
  ///   - model: The model. When `fit` throws, it is as the last finished step left it.
  ///   - training: What to learn from.
  ///   - validation: What to evaluate after each epoch.
  ///   - epochs: How often to see all examples.
  ///   - batchSize: Examples in a step; the last step of an epoch may have fewer.
  ///   - seed: Decides the order of the examples, how images are changed and what dropout draws.
  ///   - shuffles: Whether each epoch has an order of its own.
  ///   - augmentation: How the images of the training are changed, in each epoch in another way; those
  ///     of the validation never are.
  ///   - checkpoints: Where and when to write checkpoints, and whether to start from one; by default
  ///     none are written.
  ///   - onEvent: Told of the start, of each step and each epoch; may stop the training, and may
  ///     throw.
  /// - Returns: What each epoch did, those before a checkpoint that it started from included.
  /// - Throws: `TrainingError`, `ShapeError`, `MemoryError`, `DivergenceError` where a loss or a
  ///   parameter is no longer finite, `CheckpointError`, `CancellationError`, what the data set
  ///   throws, and what `onEvent` throws. With checkpoints, what data sets and `onEvent` throw after
  ///   the first step comes in a ``TrainingFailure``, after a checkpoint was written.
  @discardableResult
  public func fit(
    _ model: inout Model, to training: any Dataset, validation: (any Dataset)? = nil,
    epochs: Int, batchSize: Int = 32, seed: UInt64 = 0, shuffles: Bool = true,
    augmentation: Augmentation? = nil, checkpoints: Checkpointing? = nil,
    onEvent: (TrainingEvent) throws -> TrainingAction = { _ in .continue }
  ) throws -> TrainingHistory {
    guard epochs >= 1 else {
      throw TrainingError("A training needs at least one epoch, not \(epochs).")
    }
    func order(_ epoch: Int) -> ExampleOrder {
      shuffles
        ? .shuffled(seed: seed, epoch: epoch - 1) : .unshuffled(seed: seed, epoch: epoch - 1)
    }
    try Batches.stepCount(of: training, size: batchSize)
    let validationByteCounts = try validation.map {
      try TrainingProgram.evaluationByteCounts(model, loss, $0)
    }
    let state = try makeState(
      for: model, fields: training.fields, batchSize: min(batchSize, training.count), seed: seed,
      weighsBatches: true
    ) { batch in
      // An evaluation takes smaller batches by itself where these do not fit.
      Batches.byteCount(of: training, size: batch)
        + (validationByteCounts?(min(batch, Model.predictionBatchSize, validation?.count ?? 1)) ?? 0)
    }
    let batches = try Batches(
      training, size: batchSize, order: order(1), augmentation: augmentation)
    batches.team = model.engine.team
    let evaluator = try validation.map {
      try makeEvaluator(for: model, dataset: $0)
    }
    if model.metadata.classNames == nil { model.metadata.classNames = training.classNames }
    let checkpointer = try checkpoints.map { options in
      try Checkpointer(
        options,
        settings: try CheckpointSettings(
          trainer: self, model: model, training: training, validation: validation,
          batchSize: batchSize, seed: seed, shuffles: shuffles, augmentation: augmentation),
        metrics: metrics)
    }
    var loop = TrainingLoop(
      trainer: self, state: state, batches: batches, evaluator: evaluator, order: order,
      epochCount: epochs, checkpointer: checkpointer)
    var memory = state.memory
    memory.validationByteCount = evaluator?.program.plan.arenaByteCount ?? 0
    let threadCount = model.engine.threadCount
    let warnings = model.graph.normalizationWarnings(
      batchSize: batchSize, exampleCount: training.count)
    let isStopped = try loop.run(&model, onEvent) { resumption in
      TrainingStart(
        memory: memory, threadCount: threadCount, exampleCount: training.count,
        stepsPerEpoch: batches.stepCount, epochCount: epochs, resumption: resumption,
        warnings: (checkpointer?.warnings ?? []) + warnings)
    }
    return TrainingHistory(epochs: loop.progress.epochs, wasStopped: isStopped)
  }
}

/// Seconds since it was made.
package struct Stopwatch {
  private let start = DispatchTime.now().uptimeNanoseconds

  package init() {}

  package var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9 }
}
