import Threads

/// Stops a training that no longer gets better.
///
///     let earlyStopping = EarlyStopping(patience: 3)
///     try trainer.fit(&model, to: training, validation: test, epochs: 100) {
///       earlyStopping($0)
///     }
public final class EarlyStopping: Sendable {
  private let patience: Int
  private let minimumImprovement: Double
  private let progress = Lock((best: Double.infinity, epochsSince: 0))

  /// Creates a rule for one training.
  ///
  /// - Parameters:
  ///   - patience: After how many epochs in a row without a smaller loss to stop; at least 1.
  ///   - minimumImprovement: By how much a loss must be smaller to count as smaller.
  public init(patience: Int, minimumImprovement: Double = 0) {
    precondition(patience >= 1)
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }

  /// What to answer to an event: stop if the loss of the validation set (without one: of the
  /// training) has not become smaller for `patience` epochs.
  ///
  /// A training that is resumed or goes back starts with the epochs that it had then.
  public func callAsFunction(_ event: TrainingEvent) -> TrainingAction {
    switch event {
    case .started(let start): return replay(start.resumption?.epochs ?? [])
    case .rolledBack(let report): return replay(report.epochs)
    case .epochEnded(let report): return add(report)
    case .stepEnded, .validationStepEnded, .checkpointed: return .continue
    }
  }

  private func replay(_ epochs: [EpochReport]) -> TrainingAction {
    progress.withLock { $0 = (.infinity, 0) }
    return epochs.reduce(.continue) { action, report in
      action == .stop ? .stop : add(report)
    }
  }

  private func add(_ report: EpochReport) -> TrainingAction {
    let loss = report.validation?.loss ?? report.loss
    return progress.withLock { progress in
      if loss < progress.best - minimumImprovement {
        progress = (loss, 0)
        return .continue
      }
      progress.epochsSince += 1
      return progress.epochsSince >= patience ? .stop : .continue
    }
  }
}
