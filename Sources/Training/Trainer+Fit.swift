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
  /// The same seed gives the same bits on any number of threads. Cancelling the Swift task that runs
  /// it ends it before the next step.
  ///
  /// - Parameters:
  ///   - model: The model. When `fit` throws, it is as the last finished step left it.
  ///   - training: What to learn from.
  ///   - validation: What to evaluate after each epoch.
  ///   - epochs: How often to see all examples.
  ///   - batchSize: Examples in a step; the last step of an epoch may have fewer.
  ///   - seed: Decides the order of the examples and what dropout draws.
  ///   - shuffles: Whether each epoch has an order of its own.
  ///   - onEvent: Told of the start, of each step and each epoch; may stop the training, and may
  ///     throw.
  /// - Returns: What each epoch did.
  /// - Throws: `TrainingError`, `ShapeError`, `MemoryError`, `CancellationError`, what the data set throws, and
  ///   what `onEvent` throws.
  @discardableResult
  public func fit(
    _ model: inout Model, to training: any Dataset, validation: (any Dataset)? = nil,
    epochs: Int, batchSize: Int = 32, seed: UInt64 = 0, shuffles: Bool = true,
    onEvent: (TrainingEvent) throws -> TrainingAction = { _ in .continue }
  ) throws -> TrainingHistory {
    guard epochs >= 1 else {
      throw TrainingError("A training needs at least one epoch, not \(epochs).")
    }
    func order(_ epoch: Int) -> ExampleOrder {
      shuffles ? .shuffled(seed: seed, epoch: epoch) : .sequential
    }
    let batches = try Batches(training, size: batchSize, order: order(0))
    batches.team = model.engine.team
    let state = try makeState(
      for: model, fields: training.fields, batchSize: min(batchSize, training.count), seed: seed)
    let evaluator = try validation.map {
      try makeEvaluator(for: model, dataset: $0)
    }
    if model.metadata.classNames == nil { model.metadata.classNames = training.classNames }
    var history = TrainingHistory()
    var memory = state.memory
    memory.validationByteCount = evaluator?.program.plan.arenaByteCount ?? 0
    let start = TrainingStart(
      memory: memory, threadCount: model.engine.team.threadCount,
      exampleCount: training.count, stepsPerEpoch: batches.stepCount, epochCount: epochs)
    if try onEvent(.started(start)) == .stop {
      history.wasStopped = true
      return history
    }
    for epoch in 1...epochs {
      if epoch > 1 { batches.start(order(epoch - 1)) }
      var totals = RunningTotals(metrics: metrics)
      let clock = Stopwatch()
      var stepCount = 0
      while let batch = try batches.next() {
        try Task.checkCancellation()
        let report = try step(&model, state, on: batch)
        totals.add(report.loss, batch, state.program)
        stepCount += 1
        let progress = EpochProgress(epoch: epoch, stepCount: stepCount, totals: totals)
        if try onEvent(.stepEnded(report, progress)) == .stop {
          history.wasStopped = true
          return history
        }
      }
      let seconds = clock.seconds
      let report = EpochReport(
        epoch: epoch, loss: totals.loss, metrics: totals.values,
        validation: try evaluator?.run(&model), seconds: seconds,
        examplesPerSecond: Double(totals.exampleCount) / max(seconds, 1e-9))
      history.epochs.append(report)
      if try onEvent(.epochEnded(report)) == .stop {
        history.wasStopped = epoch < epochs
        return history
      }
    }
    return history
  }
}

/// Means over examples, gathered batch by batch.
struct RunningTotals: Sendable, Hashable {
  private let metrics: [Metric]
  private var lossSum = 0.0
  private var metricSums: [Double]
  private(set) var exampleCount = 0

  init(metrics: [Metric]) {
    self.metrics = metrics
    self.metricSums = metrics.map { _ in 0 }
  }

  /// Adds a batch that `program` has just run.
  mutating func add(_ loss: Float, _ batch: Batch, _ program: TrainingProgram) {
    lossSum += Double(loss) * Double(batch.count)
    for index in metrics.indices { metricSums[index] += program.sum(of: metrics[index], batch) }
    exampleCount += batch.count
  }

  var loss: Double { lossSum / Double(max(exampleCount, 1)) }

  var values: [MetricValue] {
    zip(metrics, metricSums).map {
      MetricValue(name: $0.name, value: $1 / Double(max(exampleCount, 1)))
    }
  }
}

/// Seconds since it was made.
struct Stopwatch {
  private let start = DispatchTime.now().uptimeNanoseconds

  var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9 }
}
