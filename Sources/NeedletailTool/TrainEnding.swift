import Foundation
import Needletail

/// A training that has not come to its end: what ended it, and what there is of it.
struct EndedTraining: Error, CustomStringConvertible {
  /// What ended it.
  let error: any Error
  /// The newest checkpoint, if there is one.
  var checkpoint: String?
  /// The file of the trained model, if it was written before.
  var model: String?
  /// Whether all epochs had ended.
  var isTrained = false

  /// What ended it, and how to go on.
  var description: String {
    if let failure = error as? TrainingFailure, failure.checkpoint != nil {
      let advice =
        failure.error is DatasetError
        ? ", or with --resume-with-changed-data if mending it has changed the data" : ""
      return "\(failure) Do so with --resume\(advice)."
    }
    if let model {
      return "\(error) The training is complete, and its model is in \(model)."
    }
    if isTrained, let checkpoint {
      return
        "\(error) The training is complete, and its last checkpoint is \(checkpoint): --resume "
        + "writes the model."
    }
    return "\(error)"
  }
}

/// A training that a signal has ended in good order.
struct InterruptedTraining: Error, CustomStringConvertible {
  let signal: String
  let checkpoint: CheckpointReport?

  var description: String {
    "interrupted by \(signal) after "
      + "\(NumberText.count(checkpoint?.position.stepCount ?? 0, "step")); the checkpoint "
      + "\(checkpoint?.url.path ?? "") is written: go on with --resume."
  }
}

/// The last JSON object of `train --json`, which every ending has.
enum TrainEnding {
  /// Whether the arguments ask for it, also where they are wrong.
  static func isAskedFor(by arguments: [String]) -> Bool {
    arguments.dropFirst().first == "train" && arguments.contains("--json")
  }

  /// The object of a training that has come to its end.
  static func finished(_ members: JSONObject) -> String {
    object("finished", exitCode: 0, members)
  }

  /// The object of one that has not.
  ///
  /// - Parameter text: What standard error is told.
  static func unfinished(_ error: any Error, text: String, exitCode: Int32) -> String {
    let ended = error as? EndedTraining
    let outcome =
      switch ended?.error ?? error {
      case is InterruptedTraining: "interrupted"
      case is DivergenceError: "diverged"
      default: "failed"
      }
    var members: JSONObject = ["error": .string(text)]
    if let checkpoint = ended?.checkpoint { members["checkpoint"] = .string(checkpoint) }
    if let model = ended?.model { members["model"] = .string(model) }
    return object(outcome, exitCode: exitCode, members)
  }

  private static func object(_ outcome: String, exitCode: Int32, _ members: JSONObject) -> String {
    var members = members
    members["event"] = .string("ended")
    members["outcome"] = .string(outcome)
    members["exit_code"] = .integer(Int(exitCode))
    return JSONValue.object(members).canonicalText
  }
}
