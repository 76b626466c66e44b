/// How often a training writes a checkpoint.
public enum CheckpointInterval: Sendable, Hashable, CustomStringConvertible {
  /// After every so many steps, counted over all epochs.
  case steps(Int)
  /// After every so many epochs.
  case epochs(Int)
  /// When so many minutes have passed since the last one, at the end of a step.
  case minutes(Double)

  /// Reads `500steps`, `2epochs`, `10minutes` or `0.5minutes`; the noun may be in the singular, a
  /// number alone counts epochs.
  ///
  /// - Throws: ``TrainingError`` for anything else.
  public init(_ description: String) throws {
    let number = description.prefix { $0.isNumber || $0 == "." }
    var unit = description.dropFirst(number.count)
    if unit.first == " " { unit = unit.dropFirst() }
    let count = Int(number).flatMap { (1...1_000_000_000).contains($0) ? $0 : nil }
    switch unit {
    case "step", "steps":
      if let count {
        self = .steps(count)
        return
      }
    case "", "epoch", "epochs":
      if let count {
        self = .epochs(count)
        return
      }
    case "minute", "minutes":
      if let minutes = Double(number), minutes > 0, minutes <= 1e6 {
        self = .minutes(minutes)
        return
      }
    default: break
    }
    throw TrainingError(
      "expected how often to write a checkpoint, as in 1epoch, 500steps, 10minutes; found "
        + "'\(description)'")
  }

  /// The words that give the interval back: `500steps`.
  public var description: String {
    switch self {
    case .steps(let count): count == 1 ? "1step" : "\(count)steps"
    case .epochs(let count): count == 1 ? "1epoch" : "\(count)epochs"
    case .minutes(let count): count == 1 ? "1minute" : "\(count)minutes"
    }
  }
}
