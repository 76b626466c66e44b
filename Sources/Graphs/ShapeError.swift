/// What is wrong with a network, found while it was built: every problem, in order.
///
/// A problem names the layer by position and path, what it expected, what it was given, and what
/// to do.
public struct ShapeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence or more for each problem.
  public let problems: [String]

  /// Creates an error from its problems, in the order in which they were met.
  package init(problems: [String]) {
    self.problems = problems
  }

  /// The problems, one a line.
  public var description: String { problems.joined(separator: "\n") }
}

/// The reason why an operation cannot take its inputs, as a sentence without its subject:
/// "expects …; it was given …".
package struct ShapeRuleViolation: Error {
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }
}
