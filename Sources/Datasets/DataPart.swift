/// The parts into which a data set is commonly cut.
public enum DataPart: String, Hashable, Sendable, CaseIterable {
  /// What a network learns from.
  case training
  /// What choices are made by while learning: when to stop, which settings.
  case validation
  /// What is looked at once, at the end.
  case test

  /// The part that an option's value means, nil for other words.
  ///
  /// Case is ignored.
  ///
  /// `train`, `training`; `val`, `valid`, `validation`, `dev`; `test`, `testing`, `eval`.
  public init?(named name: String) {
    switch name.lowercased() {
    case "train", "training": self = .training
    case "val", "valid", "validation", "dev": self = .validation
    case "test", "testing", "eval", "evaluation": self = .test
    default: return nil
    }
  }
}
