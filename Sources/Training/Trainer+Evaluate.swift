public import Datasets
public import Evaluation
import Graphs
public import Layers
import Threads

/// How good a model is on a data set.
public struct EvaluationResult: Sendable, Hashable {
  /// The mean loss over the examples: of the losses of the batches, weighted by their sizes.
  public let loss: Double
  /// The metrics over the examples, in the trainer's order.
  public let metrics: [MetricValue]
  /// How many examples there were.
  public let exampleCount: Int
  /// Precision, recall and confusion by class; nil where targets are no class labels.
  public let classification: ClassificationReport?
  // Stored: computed from `classification`, it would be inlined into release builds of other modules,
  // on whose optional chain the 6.3.1 compiler crashes.
  /// The share of examples whose largest output is their class; nil where targets are no class
  /// labels.
  public let accuracy: Double?

  /// The value of a metric; nil if the trainer does not have it.
  public subscript(metric: Metric) -> Double? {
    metrics.first { $0.name == metric.name }?.value
  }

}

extension Trainer {
  /// Evaluates a model on a data set: no dropout, running statistics, no gradients.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - dataset: The examples.
  ///   - batchSize: Examples that are run at once; by default ``Layers/Model/predictionBatchSize``, or
  ///     fewer where the memory for so many is not there. The last digits of the loss may depend on it.
  /// - Throws: `TrainingError` if the data do not suit the model or the loss; `ShapeError` if the
  ///   loss does not suit the output; `MemoryError` if the memory is not there, with the largest batch
  ///   that would fit; `EngineError` in a forked child; `CancellationError` where the Swift task that runs
  ///   it is cancelled; what the data set throws.
  public func evaluate(
    _ model: Model, on dataset: any Dataset, batchSize: Int? = nil
  ) throws -> EvaluationResult {
    var model = model
    return try makeEvaluator(for: model, dataset: dataset, batchSize: batchSize).run(&model)
  }

  func makeEvaluator(
    for model: Model, dataset: any Dataset, batchSize: Int? = nil
  ) throws -> Evaluator {
    try check(metrics, fields: dataset.fields)
    try Batches.stepCount(of: dataset, size: batchSize ?? 1)
    let program = try TrainingProgram(
      model: model, loss: loss, fields: dataset.fields,
      maximumBatch: min(batchSize ?? Model.predictionBatchSize, dataset.count), isTraining: false,
      mayBeSmaller: batchSize == nil,
      besides: { Batches.byteCount(of: dataset, size: $0) })
    let batches = try Batches(dataset, size: program.plan.maximumBatch)
    batches.team = model.engine.team
    return Evaluator(
      metrics: metrics,
      classNames: [dataset.classNames, model.metadata.classNames].compactMap(\.self),
      batches: batches, program: program)
  }
}

/// A data set with a plan to evaluate models of one graph on it, again and again.
struct Evaluator {
  let metrics: [Metric]
  /// The names of the classes as the data and as the model have them.
  let classNames: [[String]]
  let batches: Batches
  let program: TrainingProgram

  /// Evaluates the model, and leaves it as it is.
  ///
  /// `inout` only to read the parameters in place.
  ///
  /// - Parameter onStep: Called after each batch; what it throws ends the evaluation.
  func run(
    _ model: inout Model, onStep: () throws -> Void = {}
  ) throws -> EvaluationResult {
    batches.start(at: 0)
    var totals = RunningTotals(metrics: metrics)
    let columns = program.outputType.dimensions.last?.fixedValue ?? 1
    var classification: ClassificationAccumulator?
    model.parameters.withUnsafePointer {
      program.prepare(variables: UnsafeMutablePointer(mutating: $0))
    }
    while let batch = try batches.next() {
      try Task.checkCancellation()
      model.parameters.withUnsafePointer { parameters in
        program.run(batch, variables: UnsafeMutablePointer(mutating: parameters))
      }
      totals.add(program.loss, batch, program)
      if let labels = program.labels(batch), program.outputType.rank == 2 {
        var counts = try classification ?? makeAccumulator(classCount: columns)
        try counts.add(
          labels: UnsafeBufferPointer(start: labels, count: batch.count),
          predictions: predictedClasses(
            scores: UnsafeBufferPointer(start: program.outputs, count: batch.count * columns),
            classCount: columns))
        classification = counts
      }
      try onStep()
    }
    return EvaluationResult(
      loss: totals.loss, metrics: totals.values, exampleCount: totals.exampleCount,
      classification: classification?.report, accuracy: classification?.report.accuracy)
  }

  /// Class names are shown only where there is one for each output: a model may have more classes than
  /// the data.
  private func makeAccumulator(classCount: Int) throws -> ClassificationAccumulator {
    try ClassificationAccumulator(
      classCount: classCount, classNames: classNames.first { $0.count == classCount })
  }
}
