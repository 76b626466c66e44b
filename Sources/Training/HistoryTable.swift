/// The history of a training as rows of numbers, which keep every bit.
enum HistoryTable {
  private static let prefix = "validation_"
  private static let exampleCount = "validation.examples"
  private static let accuracy = "validation.accuracy"

  /// The names of the columns: those of the lines of a history, and two more of the validation.
  static func columns(of progress: TrainingProgress) -> [String] {
    let names = ["loss"] + progress.totals.metrics.map(\.name)
    // Every epoch is validated, or none is.
    let validation =
      progress.epochs.last?.validation == nil
      ? [] : names.map { prefix + $0 } + [exampleCount, accuracy]
    return names + validation + ["seconds", "images_per_second"]
  }

  /// The numbers of an epoch; NaN where there is none.
  static func row(_ report: EpochReport, columns: [String]) -> [Double] {
    var values = report.metrics.map { ($0.name, $0.value) }
    values += [
      ("loss", report.loss), ("seconds", report.seconds),
      ("images_per_second", report.examplesPerSecond),
    ]
    if let validation = report.validation {
      values += validation.metrics.map { (prefix + $0.name, $0.value) }
      values += [
        (prefix + "loss", validation.loss), (exampleCount, Double(validation.exampleCount)),
        (accuracy, validation.accuracy ?? .nan),
      ]
    }
    let byName = Dictionary(values) { first, _ in first }
    return columns.map { byName[$0] ?? .nan }
  }

  /// An epoch from its numbers.
  static func report(epoch: Int, row: [Double], columns: [String]) -> EpochReport {
    var loss = Double.nan
    var seconds = 0.0
    var rate = 0.0
    var metrics: [MetricValue] = []
    var validationLoss: Double?
    var validationMetrics: [MetricValue] = []
    var validationCount = 0
    var validationAccuracy: Double?
    for (name, value) in zip(columns, row) {
      switch name {
      case "loss": loss = value
      case "seconds": seconds = value
      case "images_per_second": rate = value
      case exampleCount: validationCount = Int(exactly: value) ?? 0
      case accuracy: validationAccuracy = value.isNaN ? nil : value
      case prefix + "loss": validationLoss = value
      case _ where name.hasPrefix(prefix):
        validationMetrics.append(
          MetricValue(name: String(name.dropFirst(prefix.count)), value: value))
      default: metrics.append(MetricValue(name: name, value: value))
      }
    }
    return EpochReport(
      epoch: epoch, loss: loss, metrics: metrics,
      validation: validationLoss.map {
        EvaluationResult(
          loss: $0, metrics: validationMetrics, exampleCount: validationCount,
          classification: nil, accuracy: validationAccuracy)
      }, seconds: seconds, examplesPerSecond: rate)
  }
}
