import Needletail

/// Writes predictions to standard output.
struct PredictionWriter {
  let format: Predict.Format

  /// Writes what comes before the first prediction.
  func begin(_ classNames: [String]) throws {
    guard format == .csv else { return }
    let columns = ["source", "label", "class"] + classNames.map { "probability of \($0)" }
    try StandardOutput.line(columns.map(Self.field).joined(separator: ","))
  }

  /// Writes predictions, each with the name of what it is about.
  func write(_ predictions: [ClassPrediction], _ sources: [String]) throws {
    let lines = zip(predictions, sources).map { prediction, source in
      switch format {
      case .json: Self.json(prediction, source)
      case .csv: Self.row(prediction, source)
      }
    }
    try StandardOutput.write(lines.map { $0 + "\n" }.joined())
  }

  private static func json(_ prediction: ClassPrediction, _ source: String) -> String {
    JSONValue.object([
      "class": .string(prediction.name), "label": .integer(prediction.label),
      "probabilities": .array(
        prediction.probabilities.map { $0.isFinite ? .float($0) : .null }),
      "source": .string(source),
    ]).canonicalText
  }

  private static func row(_ prediction: ClassPrediction, _ source: String) -> String {
    ([field(source), String(prediction.label), field(prediction.name)]
      + prediction.probabilities.map(\.description)).joined(separator: ",")
  }

  /// A field by RFC 4180.
  private static func field(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
