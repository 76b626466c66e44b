/// The parts into which a data set is commonly cut.
public enum DataPart: String, Hashable, Sendable, CaseIterable {
  /// What a network learns from.
  case training
  /// What choices are made by while learning: when to stop, which settings.
  case validation
  /// What is looked at once, at the end.
  case test

  /// The part that the name of a folder or of an option means, nil for other names.
  ///
  /// The words `train`, `training`; `val`, `valid`, `validation`, `dev`, `development`; `test`,
  /// `testing`, `eval`, `evaluation`, in any case; with the words and years around that people put there:
  /// `training_set`, `seg_test`, `train2017`.
  public init?(named name: String) {
    guard case .part(let part) = PartName(name) else { return nil }
    self = part
  }
}
