import Tensors

/// A training has diverged: a number that must be finite is not.
///
/// The step in question changed nothing: `model` has the parameters from before it, except for the
/// statistics of batch normalisation.
public struct DivergenceError: Error, Sendable, Hashable {
  /// Where numbers that are not finite were found.
  public enum Place: String, Sendable, Hashable {
    /// In a variable of the model.
    case parameters
    /// In the gradient of a variable.
    case gradient
    /// In what the optimizer remembers of a variable.
    case moment = "optimizer's moment"
  }

  /// A variable with numbers that are not finite.
  public struct Finding: Sendable, Hashable {
    /// The variable's name: `3.weight`.
    public let variable: String
    /// The layer that the variable belongs to: `layer 4 of 7, '3': Dense(10)`; nil in a bare graph.
    public let layer: String?
    /// Where the numbers were found.
    public let place: Place
    /// How many numbers are infinite or NaN.
    public let nonFiniteCount: Int
    /// How many numbers there are.
    public let count: Int
    /// The largest magnitude of the finite ones; nil where none is finite.
    public let largestFinite: Float?
  }

  /// The number of the step that could not be made, from 0.
  public let step: Int
  /// The loss of its batch; finite where the trouble was found elsewhere, nil where no batch was run.
  public let loss: Float?
  /// The learning rate of the step before it, which made the parameters what they are.
  public let learningRate: Float
  /// The variables with numbers that are not finite, in the order of the network: their parameters,
  /// else their gradients, else the optimizer's moments.
  public let findings: [Finding]
  /// The variable with the parameter of the largest finite magnitude, and that magnitude.
  public let largestParameter: Finding?
}

extension DivergenceError: CustomStringConvertible {
  /// The step, what was found where, and what to do.
  public var description: String {
    var text = "Step \(step + 1): "
    if let loss, !loss.isFinite {
      text += "expected a finite loss, found \(loss)"
    } else {
      text += "expected finite numbers, found others"
    }
    text += ": the training has diverged. "
    if findings.isEmpty {
      text += "All parameters and gradients are finite"
    } else {
      text += "Not finite: " + findings.prefix(4).map(Self.text).joined(separator: "; ")
      if findings.count > 4 { text += "; and \(findings.count - 4) more" }
    }
    if let largest = largestParameter, let value = largest.largestFinite {
      text += ". The largest finite parameter is \(value) in '\(largest.variable)'"
    }
    return text
      + ". Choose a smaller learning rate (it was \(learningRate)) or a warm-up, and check that the "
      + "data hold no numbers that are very large or not finite."
  }

  private static func text(_ finding: Finding) -> String {
    let what = finding.place == .parameters ? "" : "the \(finding.place.rawValue) of "
    let layer = finding.layer.map { " (\($0))" } ?? ""
    let largest = finding.largestFinite.map { ", the largest other is \($0)" } ?? ""
    return
      "\(what)'\(finding.variable)'\(layer), \(finding.nonFiniteCount) of "
      + counted(finding.count, "number")
      + largest
  }
}
