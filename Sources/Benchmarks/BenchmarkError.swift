/// Why something cannot be measured.
public struct BenchmarkError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of trouble.
  public enum Kind: Sendable, Hashable {
    /// A batch of no examples, or of more than memory can be asked for.
    case badBatch
    /// Made-up files could not be written.
    case notWritten
  }

  /// The kind of trouble.
  public let kind: Kind
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
