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
  public func callAsFunction(_ event: TrainingEvent) -> TrainingAction {
    guard case .epochEnded(let report) = event else { return .continue }
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
