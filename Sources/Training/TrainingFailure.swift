import Foundation
import Tensors

/// What ended a training on its way, after steps were made and with checkpoints on: an error of the
/// data, of the validation or of the listener, and where the training can go on from.
///
/// A divergence is thrown as a ``DivergenceError``, a cancelled task as a `CancellationError` and a
/// checkpoint that cannot be written as a ``CheckpointError``.
public struct TrainingFailure: Error, CustomStringConvertible {
  /// What happened.
  public let error: any Error
  /// The checkpoint of the last step that was made, written before this error was thrown; nil where
  /// that failed.
  public let checkpoint: CheckpointReport?
  /// Why no checkpoint could be written; nil where one was.
  public let checkpointError: (any Error)?

  /// The error, and how to go on.
  public var description: String {
    let text = "\(error)"
    let end = text.hasSuffix(".") ? " " : ". "
    if let checkpoint {
      return text + end
        + "A checkpoint after \(counted(checkpoint.position.stepCount, "step")) is in "
        + "\(checkpoint.url.path): mend the cause, and resume the training."
    }
    return text + end + "No checkpoint could be written of the steps since the last one"
      + (checkpointError.map { ": \($0)" } ?? ".")
  }
}
