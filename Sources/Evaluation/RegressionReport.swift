/// How well numbers were predicted.
///
/// Sums are in double precision. The definitions are scikit-learn's. For targets that are all equal, R² and explained variance
/// are 1 where the prediction leaves no error (or no variance of it), and 0 otherwise.
public struct RegressionReport: Sendable, Hashable {
  /// The number of examples.
  public let count: Int
  /// The mean of the squared errors.
  public let meanSquaredError: Double
  /// The mean of the errors' magnitudes.
  public let meanAbsoluteError: Double
  /// The largest magnitude of an error.
  public let maximumError: Double
  /// The coefficient of determination R², at most 1, and 0 where only the mean is predicted.
  ///
  /// 1 minus the ratio of the squared errors to the targets' squared deviations from their mean.
  public let rSquared: Double
  /// R² without a penalty for a constant error: 1 minus the ratio of the errors' variance to the
  /// targets'.
  public let explainedVariance: Double

  /// The square root of ``meanSquaredError``, in the targets' unit.
  public var rootMeanSquaredError: Double { meanSquaredError.squareRoot() }

  /// Compares predictions with targets.
  ///
  /// - Throws: ``EvaluationError`` where there are none, or not as many of both.
  public init<Target: BinaryFloatingPoint, Prediction: BinaryFloatingPoint>(
    targets: some Collection<Target>, predictions: some Collection<Prediction>
  ) throws(EvaluationError) {
    guard targets.count == predictions.count, !targets.isEmpty else {
      throw EvaluationError(
        place: "predictions",
        expected: targets.isEmpty ? "at least one target" : "\(targets.count), one for each target",
        found: targets.isEmpty ? "none" : "\(predictions.count)",
        advice: "Compare predictions with the targets of the same examples.")
    }
    let targets = targets.map { Double($0) }
    let errors = zip(targets, predictions).map { $0 - Double($1) }
    let count = Double(targets.count)
    let targetMean = targets.reduce(0, +) / count
    let errorMean = errors.reduce(0, +) / count
    let squaredErrors = errors.reduce(0) { $0 + $1 * $1 }
    let targetSpread = targets.reduce(0) { $0 + ($1 - targetMean) * ($1 - targetMean) }
    let errorSpread = errors.reduce(0) { $0 + ($1 - errorMean) * ($1 - errorMean) }
    self.count = targets.count
    self.meanSquaredError = squaredErrors / count
    self.meanAbsoluteError = errors.reduce(0) { $0 + $1.magnitude } / count
    // By hand: `max` would lose a NaN or keep it by its place.
    self.maximumError = errors.reduce(0) { $1.isNaN || $1.magnitude > $0 ? $1.magnitude : $0 }
    self.rSquared = determination(squaredErrors, of: targetSpread)
    self.explainedVariance = determination(errorSpread, of: targetSpread)
  }
}

extension RegressionReport: CustomStringConvertible {
  /// An aligned table of all measures.
  public var description: String {
    var table = TextTable(header: ["measure", "value"])
    table.add(["mean squared error", fixed(meanSquaredError)])
    table.add(["root mean squared error", fixed(rootMeanSquaredError)])
    table.add(["mean absolute error", fixed(meanAbsoluteError)])
    table.add(["maximum error", fixed(maximumError)])
    table.add(["R squared", fixed(rSquared)])
    table.add(["explained variance", fixed(explainedVariance)])
    table.add(["examples", String(count)])
    return table.text
  }
}

private func determination(_ rest: Double, of spread: Double) -> Double {
  spread == 0 ? (rest == 0 ? 1 : 0) : 1 - rest / spread
}
