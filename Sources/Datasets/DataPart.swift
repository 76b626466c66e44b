/// The parts into which a data set is commonly cut.
public enum DataPart: String, Hashable, Sendable, CaseIterable {
  /// What a network learns from.
  case training
  /// What choices are made by while learning: when to stop, which settings.
  case validation
  /// What is looked at once, at the end.
  case test

  /// The part that a folder's or an option's name means, nil for other names.
  ///
  /// Case is ignored.
  ///
  /// `train`, `training`; `val`, `valid`, `validation`, `dev`; `test`, `testing`.
  public init?(named name: String) {
    switch name.lowercased() {
    case "train", "training": self = .training
    case "val", "valid", "validation", "dev": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }
}
