/// Why OpenBLAS cannot be used: only what asks for it needs it, such as the algorithm `im2row` and
/// measurements of it.
public struct BLASError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
