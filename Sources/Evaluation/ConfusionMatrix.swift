/// How often examples of each class were predicted to be of each class.
///
/// Rows are the true classes, columns the predicted ones.
public struct ConfusionMatrix: Sendable, Hashable {
  /// The number of classes.
  public let classCount: Int
  /// What the classes are called: their indices, where nobody named them.
  public let classNames: [String]
  /// The numbers of examples, row by row.
  public private(set) var counts: [Int]

  /// Creates a matrix of zeros.
  ///
  /// - Parameters:
  ///   - classCount: The number of classes, at least one.
  ///   - classNames: What the classes are called, in order; by default their indices.
  /// - Throws: ``EvaluationError`` where there are not as many names as classes, or no classes.
  public init(classCount: Int, classNames: [String]? = nil) throws(EvaluationError) {
    guard classCount > 0 else {
      throw EvaluationError(
        place: "classes", expected: "at least one", found: "\(classCount)",
        advice: "Give the number of the model's outputs.")
    }
    guard classCount <= 1 << 14 else {
      throw EvaluationError(
        place: "classes", expected: "at most \(1 << 14)", found: "\(classCount)",
        advice:
          "A matrix of so many classes takes more than 2 GB; use accuracy(labels:predictions:).")
    }
    if let classNames, classNames.count != classCount {
      throw EvaluationError(
        place: "class names", expected: "\(classCount), one for each class",
        found: "\(classNames.count)", advice: "Name every class, or none.")
    }
    self.classCount = classCount
    self.classNames = classNames ?? (0..<classCount).map(String.init)
    self.counts = [Int](repeating: 0, count: classCount * classCount)
  }

  /// The number of examples of class `label` that were predicted to be of class `prediction`.
  ///
  /// - Precondition: both are in `0..<classCount`.
  public subscript(label label: Int, prediction prediction: Int) -> Int {
    get { counts[index(label, prediction)] }
    set { counts[index(label, prediction)] = newValue }
  }

  /// Counts examples.
  ///
  /// - Parameters:
  ///   - labels: The true class of each example, in `0..<classCount`.
  ///   - predictions: The predicted class of each.
  /// - Throws: ``EvaluationError`` where there are not as many of both, or one is no class; nothing
  ///   is counted then.
  public mutating func add<Label: BinaryInteger, Prediction: BinaryInteger>(
    labels: some Collection<Label>, predictions: some Collection<Prediction>
  ) throws(EvaluationError) {
    try EvaluationError.checkCounts(labels: labels.count, predictions: predictions.count)
    var places: [Int] = []
    places.reserveCapacity(labels.count)
    for (index, (label, prediction)) in zip(labels, predictions).enumerated() {
      let row = try EvaluationError.checkedClass(
        label, at: index, of: "labels", classCount: classCount)
      let column = try EvaluationError.checkedClass(
        prediction, at: index, of: "predictions", classCount: classCount)
      places.append(row * classCount + column)
    }
    for place in places { counts[place] += 1 }
  }

  /// Adds the counts of another matrix.
  ///
  /// - Throws: ``EvaluationError`` where the other matrix has other classes.
  public mutating func merge(_ other: ConfusionMatrix) throws(EvaluationError) {
    guard other.classNames == classNames else {
      throw EvaluationError(
        place: "confusion matrix", expected: "the same \(classCount) classes",
        found: other.classCount == classCount
          ? "classes of other names" : "\(other.classCount) classes",
        advice: "Merge only what was counted for the same model.")
    }
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  /// The number of examples.
  public var total: Int { counts.reduce(0, +) }

  /// The number of examples whose class was predicted right: the sum of the diagonal.
  public var correct: Int {
    (0..<classCount).reduce(0) { $0 + self[label: $1, prediction: $1] }
  }

  /// The number of examples of each class: the sums of the rows.
  public var labelCounts: [Int] {
    (0..<classCount).map { row in
      counts[row * classCount..<(row + 1) * classCount].reduce(0, +)
    }
  }

  /// The number of predictions of each class: the sums of the columns.
  public var predictionCounts: [Int] {
    (0..<classCount).map { column in
      (0..<classCount).reduce(0) { $0 + self[label: $1, prediction: column] }
    }
  }

  private func index(_ label: Int, _ prediction: Int) -> Int {
    precondition(
      label >= 0 && label < classCount && prediction >= 0 && prediction < classCount,
      "Classes \(label) and \(prediction) of \(classCount).")
    return label * classCount + prediction
  }
}

extension ConfusionMatrix: CustomStringConvertible {
  /// An aligned table: a row for each true class, a column for each predicted one.
  public var description: String {
    var table = TextTable(header: ["true \\ predicted"] + classNames)
    for (row, name) in classNames.enumerated() {
      table.add([name] + (0..<classCount).map { String(self[label: row, prediction: $0]) })
    }
    return table.text
  }
}
