import Datasets
import Layers

/// The epochs of one training, from wherever it starts.
struct TrainingLoop {
  typealias Listener = (TrainingEvent) throws -> TrainingAction

  let trainer: Trainer
  let state: TrainingState
  let batches: Batches
  let evaluator: Evaluator?
  /// The order of the examples in an epoch, from 1.
  let order: (Int) -> ExampleOrder
  let epochCount: Int
  let checkpointer: Checkpointer?
  private(set) var progress: TrainingProgress
  /// Runs while steps of an epoch are made, since the first that this process made of it.
  private var clock: Stopwatch?

  init(
    trainer: Trainer, state: TrainingState, batches: Batches, evaluator: Evaluator?,
    order: @escaping (Int) -> ExampleOrder, epochCount: Int, checkpointer: Checkpointer?
  ) {
    self.trainer = trainer
    self.state = state
    self.batches = batches
    self.evaluator = evaluator
    self.order = order
    self.epochCount = epochCount
    self.checkpointer = checkpointer
    progress = TrainingProgress(metrics: trainer.metrics)
  }

  /// Runs all epochs that are left.
  ///
  /// - Returns: Whether an answer ended the training before its last epoch.
  mutating func run(
    _ model: inout Model, _ onEvent: Listener,
    start: (TrainingResumption?) -> TrainingStart
  ) throws -> Bool {
    let resumption = try checkpointer?.resume(
      &model, state, &progress, stepsPerEpoch: batches.stepCount, epochCount: epochCount)
    try checkpointer?.checkSpace(model, state, progress)
    let isDue = checkpointer?.options.onDivergence == .rollback && state.stepCount == 0
    if try settle(onEvent(.started(start(resumption))), isDue: isDue, model, onEvent) {
      return progress.epoch <= epochCount
    }
    while progress.epoch <= epochCount {
      do {
        if try runEpoch(&model, onEvent) { return progress.epoch <= epochCount }
      } catch let divergence as DivergenceError {
        guard let checkpointer else { throw divergence }
        let report = try checkpointer.rollBack(divergence, &model, state, &progress)
        clock = nil
        if try settle(onEvent(.rolledBack(report)), isDue: false, model, onEvent) { return true }
      } catch {
        throw failure(error, model)
      }
    }
    return false
  }

  /// What to throw for what has ended the training on its way, with a checkpoint written first.
  private func failure(_ error: any Error, _ model: Model) -> any Error {
    guard let checkpointer, state.stepCount > 0, !(error is CheckpointError) else { return error }
    do {
      let report = try checkpointer.newest(model, state, currentProgress)
      return error is CancellationError
        ? error : TrainingFailure(error: error, checkpoint: report, checkpointError: nil)
    } catch let checkpointError {
      return error is CancellationError
        ? error
        : TrainingFailure(error: error, checkpoint: nil, checkpointError: checkpointError)
    }
  }

  /// Where the training stands, the seconds of the epoch under way included.
  private var currentProgress: TrainingProgress {
    var now = progress
    now.earlierSeconds += clock?.seconds ?? 0
    return now
  }

  /// Runs what is left of an epoch, the validation included.
  ///
  /// - Returns: Whether an answer ended the training.
  private mutating func runEpoch(_ model: inout Model, _ onEvent: Listener) throws -> Bool {
    batches.start(order(progress.epoch), at: progress.epochStepCount)
    let stopwatch = Stopwatch()
    clock = stopwatch
    while let batch = try batches.next() {
      try Task.checkCancellation()
      let report = try trainer.step(&model, state, on: batch)
      progress.totals.add(report.loss, batch, state.program)
      progress.epochStepCount += 1
      let now = EpochProgress(
        epoch: progress.epoch, stepCount: progress.epochStepCount, totals: progress.totals)
      let isDue = checkpointer?.isDue(afterStep: state.stepCount) ?? false
      if try settle(onEvent(.stepEnded(report, now)), isDue: isDue, model, onEvent) { return true }
    }
    progress.earlierSeconds += stopwatch.seconds
    clock = nil
    // What this loop cannot see, as a parameter behind a ReLU, which gives 0 for NaN.
    guard state.isFinite(model) else { throw state.divergence(of: model) }
    let validation: EvaluationResult?
    do {
      validation = try evaluator.map { evaluator in
        // The closure must not use `model`, which the evaluation holds.
        let current = model
        return try evaluator.run(&model) {
          let answer = try onEvent(.validationStepEnded)
          if try settle(answer, isDue: false, current, onEvent) { throw Stopped() }
        }
      }
    } catch is Stopped {
      return true
    }
    // Finite parameters can still give sums that no number holds.
    if let loss = validation?.loss, !loss.isFinite {
      throw model.parameters.withUnsafePointer {
        state.divergence(parameters: $0, loss: Float(loss))
      }
    }
    let seconds = progress.earlierSeconds
    let report = EpochReport(
      epoch: progress.epoch, loss: progress.totals.loss, metrics: progress.totals.values,
      validation: validation, seconds: seconds,
      examplesPerSecond: Double(progress.totals.exampleCount) / max(seconds, 1e-9))
    progress.endEpoch(report)
    let isDue = checkpointer?.isDue(afterEpoch: report.epoch) ?? false
    let isLast = report.epoch == epochCount
    let answer = try onEvent(.epochEnded(report))
    return try settle(
      isLast && !answer.checkpoints ? answer.withCheckpoint : answer, isDue: isDue, model, onEvent)
  }

  /// Does what an answer asks for and what is due.
  ///
  /// - Returns: Whether the training is to stop.
  private func settle(
    _ answer: TrainingAction, isDue: Bool, _ model: Model, _ onEvent: Listener
  ) throws -> Bool {
    guard let checkpointer, isDue || answer.checkpoints else { return answer.stops }
    let report = try checkpointer.write(model, state, currentProgress, isDue: isDue)
    return try onEvent(.checkpointed(report)).stops || answer.stops
  }

  /// Ends a validation.
  private struct Stopped: Error {}
}

extension TrainingAction {
  /// The same, and a checkpoint.
  fileprivate var withCheckpoint: TrainingAction { stops ? .checkpointAndStop : .checkpoint }
}
