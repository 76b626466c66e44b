import Datasets

/// Where a training stands.
public struct TrainingPosition: Sendable, Hashable {
  /// How many steps were made in all.
  public let stepCount: Int
  /// The epoch that the next step belongs to, from 1; after the last step of an epoch whose
  /// validation is not done, still that epoch.
  public let epoch: Int
  /// How many steps of that epoch were made.
  public let epochStepCount: Int
}

/// What `fit` knows of a training besides the buffers: with them, all that a checkpoint holds.
struct TrainingProgress: Sendable, Hashable {
  /// The epoch that is under way, from 1.
  var epoch = 1
  /// How many steps of the epoch were made.
  var epochStepCount = 0
  /// The epoch so far.
  var totals: RunningTotals
  /// Seconds that the epoch took before the training was interrupted.
  var earlierSeconds = 0.0
  /// The epochs that have ended.
  var epochs: [EpochReport] = []
  /// How often the training went back to a checkpoint.
  var rollbackCount = 0
  /// What the learning rate is multiplied by.
  var rateFactor: Float = 1

  init(metrics: [Metric]) { totals = RunningTotals(metrics: metrics) }

  /// Goes to the start of the next epoch.
  mutating func endEpoch(_ report: EpochReport) {
    epochs.append(report)
    epoch += 1
    restartEpoch()
  }

  /// Goes back to the start of the epoch under way, as far as it is not in the parameters.
  mutating func restartEpoch() {
    epochStepCount = 0
    totals = totals.cleared
    earlierSeconds = 0
  }

  func position(stepCount: Int) -> TrainingPosition {
    TrainingPosition(stepCount: stepCount, epoch: epoch, epochStepCount: epochStepCount)
  }
}

/// Means over examples, gathered batch by batch.
struct RunningTotals: Sendable, Hashable {
  let metrics: [Metric]
  private(set) var lossSum = 0.0
  private(set) var metricSums: [Double]
  private(set) var exampleCount = 0

  init(metrics: [Metric]) {
    self.metrics = metrics
    self.metricSums = metrics.map { _ in 0 }
  }

  /// Makes totals that were kept.
  ///
  /// - Precondition: there is a sum for each metric.
  init(metrics: [Metric], lossSum: Double, metricSums: [Double], exampleCount: Int) {
    precondition(metrics.count == metricSums.count)
    self.metrics = metrics
    self.lossSum = lossSum
    self.metricSums = metricSums
    self.exampleCount = exampleCount
  }

  /// Of the same metrics, and of no example.
  var cleared: RunningTotals { RunningTotals(metrics: metrics) }

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
