/// Counts predictions batch by batch, for data that is not in memory at once.
///
///     var accumulator = try ClassificationAccumulator(classCount: 10)
///     for batch in batches {
///       try accumulator.add(labels: batch.labels, predictions: predictions(for: batch))
///     }
///     print(accumulator.report)
///
/// Counts are integers, so the result depends neither on how the examples were cut into batches nor
/// on the order of merging.
public struct ClassificationAccumulator: Sendable, Hashable {
  /// What was counted so far.
  public private(set) var confusion: ConfusionMatrix

  /// Creates an accumulator that has counted nothing.
  ///
  /// - Parameters:
  ///   - classCount: The number of classes, at least one.
  ///   - classNames: What the classes are called, in order; by default their indices.
  /// - Throws: ``EvaluationError`` where there are not as many names as classes, or no classes.
  public init(classCount: Int, classNames: [String]? = nil) throws(EvaluationError) {
    confusion = try ConfusionMatrix(classCount: classCount, classNames: classNames)
  }

  /// Counts a batch.
  ///
  /// - Parameters:
  ///   - labels: The true class of each example, in `0..<classCount`.
  ///   - predictions: The predicted class of each.
  /// - Throws: ``EvaluationError`` where there are not as many of both, or one is no class; nothing
  ///   is counted then.
  public mutating func add<Label: BinaryInteger, Prediction: BinaryInteger>(
    labels: some Collection<Label>, predictions: some Collection<Prediction>
  ) throws(EvaluationError) {
    try confusion.add(labels: labels, predictions: predictions)
  }

  /// Adds what another accumulator counted, on another thread or in another process.
  ///
  /// - Throws: ``EvaluationError`` where the other one has other classes.
  public mutating func merge(_ other: ClassificationAccumulator) throws(EvaluationError) {
    try confusion.merge(other.confusion)
  }

  /// Forgets what was counted.
  public mutating func reset() {
    for label in 0..<confusion.classCount {
      for prediction in 0..<confusion.classCount {
        confusion[label: label, prediction: prediction] = 0
      }
    }
  }

  /// All scores of what was counted so far.
  public var report: ClassificationReport { ClassificationReport(confusion) }
}
