/// How well classes were predicted.
///
///     let report = try ClassificationReport(
///       labels: labels, predictions: predictions, classCount: 3, classNames: ["ant", "bee", "fly"])
///     print(report)
///
/// The definitions are scikit-learn's, and so is what is averaged: the classes that are true or
/// predicted for any example. The others have a row in the table and count nowhere. A ratio of zero to
/// zero is 0, as is its default; that includes Cohen's kappa and what is computed from no examples, for
/// which it has NaN or an error.
public struct ClassificationReport: Sendable, Hashable {
  /// How well one class was predicted.
  public struct ClassScores: Sendable, Hashable {
    /// What the class is called.
    public let name: String
    /// Of the examples predicted to be of the class, the part that is.
    public let precision: Double
    /// Of the examples of the class, the part that was predicted to be.
    public let recall: Double
    /// The harmonic mean of precision and recall.
    public let f1: Double
    /// The number of examples of the class.
    public let support: Int
    /// The number of examples that were predicted to be of the class.
    public let predictionCount: Int

    /// Whether any example is of the class or was predicted to be.
    public var isPresent: Bool { support > 0 || predictionCount > 0 }
  }

  /// Scores averaged over the classes.
  public struct Averages: Sendable, Hashable {
    /// The average of the classes' precision.
    public let precision: Double
    /// The average of the classes' recall.
    public let recall: Double
    /// The average of the classes' F1.
    public let f1: Double
  }

  /// How often examples of each class were predicted to be of each class.
  public let confusion: ConfusionMatrix
  /// The part of the examples whose class was predicted right.
  public let accuracy: Double
  /// The scores of each class, in order.
  public let classes: [ClassScores]
  /// Averages in which every class counts the same that any example is of, or was predicted to be.
  public let macro: Averages
  /// Averages in which a class counts by the number of its examples.
  public let weighted: Averages
  /// The mean recall of the classes that have examples.
  public let balancedAccuracy: Double
  /// Matthews' correlation coefficient of labels and predictions, from -1 to 1 (Gorodkin, 2004, for
  /// more than two classes).
  public let matthews: Double
  /// Agreement beyond chance, at most 1 (Cohen, 1960).
  public let cohenKappa: Double

  /// The number of examples.
  public var total: Int { confusion.total }

  /// Compares predictions with labels.
  ///
  /// - Parameters:
  ///   - labels: The true class of each example, in `0..<classCount`.
  ///   - predictions: The predicted class of each.
  ///   - classCount: The number of classes.
  ///   - classNames: What the classes are called, in order; by default their indices.
  /// - Throws: ``EvaluationError`` where there are not as many labels as predictions or as many
  ///   names as classes, or where one is no class.
  public init<Label: BinaryInteger, Prediction: BinaryInteger>(
    labels: some Collection<Label>, predictions: some Collection<Prediction>, classCount: Int,
    classNames: [String]? = nil
  ) throws(EvaluationError) {
    var confusion = try ConfusionMatrix(classCount: classCount, classNames: classNames)
    try confusion.add(labels: labels, predictions: predictions)
    self.init(confusion)
  }

  /// Derives all scores from a confusion matrix.
  public init(_ confusion: ConfusionMatrix) {
    let total = Double(confusion.total)
    let correct = Double(confusion.correct)
    let support = confusion.labelCounts
    let predicted = confusion.predictionCounts
    let classes = confusion.classNames.enumerated().map { index, name in
      let hits = Double(confusion[label: index, prediction: index])
      return ClassScores(
        name: name,
        precision: ratio(hits, Double(predicted[index])),
        recall: ratio(hits, Double(support[index])),
        f1: ratio(2 * hits, Double(support[index] + predicted[index])),
        support: support[index], predictionCount: predicted[index])
    }
    self.confusion = confusion
    self.accuracy = ratio(correct, total)
    self.classes = classes
    self.macro = Averages(classes) { $0.isPresent ? 1 : 0 }
    self.weighted = Averages(classes) { Double($0.support) }
    let supported = classes.filter { $0.support > 0 }
    self.balancedAccuracy = ratio(supported.reduce(0) { $0 + $1.recall }, Double(supported.count))

    let chance = zip(support, predicted).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    let labelSpread = total * total - support.reduce(0) { $0 + Double($1) * Double($1) }
    let predictionSpread = total * total - predicted.reduce(0) { $0 + Double($1) * Double($1) }
    // Roots before the product, which could leave the range in which integers are exact.
    self.matthews = ratio(
      correct * total - chance, labelSpread.squareRoot() * predictionSpread.squareRoot())
    self.cohenKappa = ratio(correct * total - chance, total * total - chance)
  }
}

extension ClassificationReport.Averages {
  fileprivate init(
    _ classes: [ClassificationReport.ClassScores],
    weight: (ClassificationReport.ClassScores) -> Double
  ) {
    let total = classes.reduce(0) { $0 + weight($1) }
    self.init(
      precision: ratio(classes.reduce(0) { $0 + weight($1) * $1.precision }, total),
      recall: ratio(classes.reduce(0) { $0 + weight($1) * $1.recall }, total),
      f1: ratio(classes.reduce(0) { $0 + weight($1) * $1.f1 }, total))
  }
}

extension ClassificationReport: CustomStringConvertible {
  /// An aligned table of the classes and the averages, and a line of the other scores.
  public var description: String {
    var table = TextTable(header: ["class", "precision", "recall", "F1", "support"])
    for scores in classes {
      table.add(
        [scores.name] + [scores.precision, scores.recall, scores.f1].map { fixed($0) }
          + [String(scores.support)])
    }
    for (name, averages) in [("macro average", macro), ("weighted average", weighted)] {
      table.add(
        [name] + [averages.precision, averages.recall, averages.f1].map { fixed($0) }
          + [String(total)])
    }
    return table.text + "\n"
      + "accuracy \(fixed(accuracy)), balanced accuracy \(fixed(balancedAccuracy)), "
      + "Matthews \(fixed(matthews)), Cohen's kappa \(fixed(cohenKappa))\n"
  }
}

/// The quotient, or 0 where the denominator is 0.
func ratio(_ numerator: Double, _ denominator: Double) -> Double {
  denominator == 0 ? 0 : numerator / denominator
}
