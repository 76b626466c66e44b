/// Why predictions cannot be compared with what is true: where, what was expected, what was found,
/// and what to do about it.
public struct EvaluationError: Error, Sendable, Hashable {
  /// What was looked at, with an index where there is one: "labels, index 3".
  public var place: String
  /// What should be there.
  public var expected: String
  /// What is there.
  public var found: String
  /// What to do.
  public var advice: String

  /// Creates an error from its parts.
  public init(place: String, expected: String, found: String, advice: String) {
    self.place = place
    self.expected = expected
    self.found = found
    self.advice = advice
  }
}

extension EvaluationError: CustomStringConvertible {
  /// All parts in one line.
  public var description: String {
    "\(place): expected \(expected), found \(found). \(advice)"
  }
}

extension EvaluationError {
  /// Checks that there is a prediction for each label.
  static func checkCounts(
    labels: Int, predictions: Int, of name: String = "predictions"
  ) throws(EvaluationError) {
    guard labels == predictions else {
      throw EvaluationError(
        place: name, expected: "\(labels), one for each label", found: "\(predictions)",
        advice: "Compare predictions with the labels of the same examples.")
    }
  }

  /// A label or a prediction as the index of a class.
  static func checkedClass(
    _ value: some BinaryInteger, at index: Int, of name: String, classCount: Int
  ) throws(EvaluationError) -> Int {
    guard let label = Int(exactly: value), label >= 0, label < classCount else {
      throw EvaluationError(
        place: "\(name), index \(index)", expected: "a class in 0..<\(classCount)",
        found: "\(value)", advice: "Check the labels, and the number of classes.")
    }
    return label
  }
}
