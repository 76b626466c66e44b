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
  /// Case is ignored, and `-`, `.` and a space count as `_`. The words `train`, `training`; `val`,
  /// `valid`, `validation`, `dev`, `development`; `test`, `testing`, `eval`, `evaluation`: alone, with
  /// `seg_` before them, or with `set` or `data` behind them (`training_set`, `testset`).
  public init?(named name: String) {
    var word = String(name.lowercased().map { "-. ".contains($0) ? "_" : $0 })
    if word.hasPrefix("seg_") { word.removeFirst(4) }
    for ending in ["set", "data"] where word.hasSuffix(ending) {
      word.removeLast(ending.count)
      if word.hasSuffix("_") { word.removeLast() }
      break
    }
    switch word {
    case "train", "training": self = .training
    case "val", "valid", "validation", "dev", "development": self = .validation
    case "test", "testing", "eval", "evaluation": self = .test
    default: return nil
    }
  }
}
