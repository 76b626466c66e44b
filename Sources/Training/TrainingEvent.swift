/// What `fit` tells while it runs.
public enum TrainingEvent: Sendable {
  /// Everything is ready; the first step comes next.
  case started(TrainingStart)
  /// A step was made, and the epoch stands there.
  case stepEnded(StepReport, EpochProgress)
  /// A batch of the validation set was evaluated. Who answers with a stop ends the training before
  /// the epoch's report; a training that is resumed validates again.
  case validationStepEnded
  /// All examples were seen once more, and the validation set was evaluated.
  case epochEnded(EpochReport)
  /// A checkpoint was written.
  case checkpointed(CheckpointReport)
  /// The training had diverged and went back to a checkpoint; the next step comes next.
  case rolledBack(RollbackReport)
}

/// What `fit` is told after an event.
public enum TrainingAction: Sendable {
  /// Go on.
  case `continue`
  /// Stop after this event; `fit` returns normally.
  case stop
  /// Write a checkpoint and go on; without checkpoints, go on.
  case checkpoint
  /// Write a checkpoint and stop; without checkpoints, stop.
  case checkpointAndStop

  var stops: Bool { self == .stop || self == .checkpointAndStop }
  var checkpoints: Bool { self == .checkpoint || self == .checkpointAndStop }
}

/// What is known before the first step.
public struct TrainingStart: Sendable, Hashable {
  /// The memory that training takes besides the data.
  public let memory: MemoryReport
  /// How many threads run kernels.
  public let threadCount: Int
  /// How many examples an epoch has.
  public let exampleCount: Int
  /// How many steps an epoch has.
  public let stepsPerEpoch: Int
  /// How many epochs were asked for.
  public let epochCount: Int
  /// What a training that was to be resumed found; nil where that was not asked for.
  public let resumption: TrainingResumption?
  /// What the user should know: checkpoints that are damaged, a machine that computes other bits, data
  /// that have changed, a file system without locks, batches of one example that are to be normalised.
  public let warnings: [String]
}

/// Where an epoch stands after a step.
public struct EpochProgress: Sendable, Hashable {
  /// The number of the epoch, from 1.
  public let epoch: Int
  /// How many steps of the epoch were made.
  public let stepCount: Int
  private let totals: RunningTotals

  init(epoch: Int, stepCount: Int, totals: RunningTotals) {
    self.epoch = epoch
    self.stepCount = stepCount
    self.totals = totals
  }

  /// How many examples of the epoch were seen.
  public var exampleCount: Int { totals.exampleCount }
  /// The mean loss over the examples seen in this epoch.
  public var loss: Double { totals.loss }
  /// The metrics over the examples seen in this epoch; computed when asked for.
  public var metrics: [MetricValue] { totals.values }
}

/// What one epoch did.
public struct EpochReport: Sendable, Hashable {
  /// The number of the epoch, from 1.
  public let epoch: Int
  /// The mean loss over the epoch's examples, each in the step that saw it.
  public let loss: Double
  /// The metrics over the epoch's examples, each in the step that saw it; by name, in the trainer's
  /// order.
  public let metrics: [MetricValue]
  /// The loss and the metrics of the validation set after the epoch; nil without one.
  ///
  /// In epochs that
  /// come from a checkpoint, it has no report on the classes.
  public let validation: EvaluationResult?
  /// How long the steps took, in seconds; without the validation.
  public let seconds: Double
  /// Examples a second.
  public let examplesPerSecond: Double
}

/// A metric's name and value.
public struct MetricValue: Sendable, Hashable {
  /// The name: `accuracy`.
  public let name: String
  /// The mean over the examples.
  public let value: Double
}

/// What a training did, epoch by epoch.
public struct TrainingHistory: Sendable, Hashable {
  /// The epochs in order.
  public internal(set) var epochs: [EpochReport] = []
  /// Whether an event's answer ended the training before its last epoch.
  public internal(set) var wasStopped = false
}
