/// Why a model cannot be trained or evaluated as asked.
public struct TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
