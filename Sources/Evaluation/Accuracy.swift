/// The part of the examples whose class was predicted right; 0 of none.
///
/// - Throws: ``EvaluationError`` where there are not as many labels as predictions.
public func accuracy<Label: BinaryInteger, Prediction: BinaryInteger>(
  labels: some Collection<Label>, predictions: some Collection<Prediction>
) throws(EvaluationError) -> Double {
  try EvaluationError.checkCounts(labels: labels.count, predictions: predictions.count)
  let hits = zip(labels, predictions).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
  return ratio(Double(hits), Double(labels.count))
}

/// The class of the highest score of each example.
///
/// Of equal scores the first counts; NaN is below every number, and a row of nothing else is of
/// class 0.
///
/// - Parameters:
///   - scores: `[examples, classes]`, row-major: probabilities, logits, or anything that grows with
///     them.
///   - classCount: The number of classes.
/// - Throws: ``EvaluationError`` where the scores cannot be cut into rows of that many.
public func predictedClasses(
  scores: some RandomAccessCollection<Float>, classCount: Int
) throws(EvaluationError) -> [Int32] {
  try rows(of: scores, classCount: classCount) { row in
    var best: (index: Int, score: Float)?
    for (index, score) in row.enumerated() where !score.isNaN {
      if best.map({ score > $0.score }) ?? true { best = (index, score) }
    }
    return Int32(best?.index ?? 0)
  }
}

/// The part of the examples whose true class has one of the `k` highest scores; 0 of none.
///
/// Of equal scores the first class has the higher rank, and NaN is below every number, so that
/// `k` = 1 agrees with the accuracy of ``predictedClasses(scores:classCount:)`` wherever an example
/// has a score that is a number; a true class whose score is NaN never counts.
///
/// - Parameters:
///   - labels: The true class of each example, in `0..<classCount`.
///   - scores: `[examples, classes]`, row-major.
///   - classCount: The number of classes.
///   - k: How many of the highest scores count, at least one.
/// - Throws: ``EvaluationError`` where the scores are not one row for each label, a label is no
///   class, or `k` is below one.
public func topKAccuracy<Label: BinaryInteger>(
  labels: some Collection<Label>, scores: some RandomAccessCollection<Float>, classCount: Int,
  k: Int
) throws(EvaluationError) -> Double {
  guard k > 0 else {
    throw EvaluationError(
      place: "k", expected: "at least 1", found: "\(k)",
      advice: "Say how many of the highest scores count.")
  }
  var classes: [Int] = []
  for (index, label) in labels.enumerated() {
    classes.append(
      try EvaluationError.checkedClass(label, at: index, of: "labels", classCount: classCount))
  }
  var example = 0
  let hits = try rows(of: scores, classCount: classCount) { row in
    // A surplus row is reported below.
    guard example < classes.count else { return false }
    let label = classes[example]
    example += 1
    let own = row[row.index(row.startIndex, offsetBy: label)]
    guard !own.isNaN else { return false }
    var rank = 0
    for (index, score) in row.enumerated() where score > own || (score == own && index < label) {
      rank += 1
    }
    return rank < k
  }
  try EvaluationError.checkCounts(
    labels: classes.count, predictions: hits.count, of: "rows of scores")
  return ratio(Double(hits.reduce(0) { $0 + ($1 ? 1 : 0) }), Double(hits.count))
}

/// What `body` makes of each row of scores.
private func rows<Scores: RandomAccessCollection<Float>, Result>(
  of scores: Scores, classCount: Int, _ body: (Scores.SubSequence) -> Result
) throws(EvaluationError) -> [Result] {
  guard classCount > 0, scores.count % classCount == 0 else {
    throw EvaluationError(
      place: "scores", expected: "a multiple of the number of classes, which is \(classCount)",
      found: "\(scores.count)", advice: "Give one score for each example and class.")
  }
  return (0..<scores.count / classCount).map { row in
    let start = scores.index(scores.startIndex, offsetBy: row * classCount)
    return body(scores[start..<scores.index(start, offsetBy: classCount)])
  }
}
