import Graphs
import Kernels

/// A number that tells how good predictions are: a mean over examples.
public struct Metric: Sendable, Hashable {
  private enum Rule: Sendable, Hashable {
    case accuracy
    case topK(Int)
    case binaryAccuracy
    case meanAbsoluteError
  }

  private let rule: Rule

  /// The share of examples whose largest output is their class.
  ///
  /// For class labels.
  public static let accuracy = Metric(rule: .accuracy)

  /// The share of examples whose class is among the `k` largest outputs.
  ///
  /// For class labels.
  ///
  /// - Precondition: `k` is at least 1.
  public static func topK(_ k: Int) -> Metric {
    precondition(k >= 1)
    return Metric(rule: .topK(k))
  }

  /// The share of outputs on the right side: positive logits for targets above one half.
  public static let binaryAccuracy = Metric(rule: .binaryAccuracy)

  /// The mean absolute difference of outputs and targets.
  public static let meanAbsoluteError = Metric(rule: .meanAbsoluteError)

  /// The name in histories and tables.
  public var name: String {
    switch rule {
    case .accuracy: "accuracy"
    case .topK(let k): "top_\(k)_accuracy"
    case .binaryAccuracy: "binary_accuracy"
    case .meanAbsoluteError: "mean_absolute_error"
    }
  }

  /// Whether the metric compares outputs with class labels.
  var needsLabels: Bool {
    switch rule {
    case .accuracy, .topK: true
    case .binaryAccuracy, .meanAbsoluteError: false
    }
  }

  /// The sum of the metric over the examples of a batch.
  ///
  /// - Parameters:
  ///   - outputs: `[rows, columns]`.
  ///   - labels: `[rows]`, where the metric needs labels.
  ///   - targets: `[rows, columns]`, where it does not.
  func sum(
    rows: Int, columns: Int, outputs: UnsafePointer<Float>, labels: UnsafePointer<Int32>?,
    targets: UnsafePointer<Float>?
  ) -> Double {
    switch rule {
    case .accuracy, .topK:
      guard let labels else { return .nan }
      let k = if case .topK(let k) = rule { k } else { 1 }
      return Self.countTopK(rows: rows, columns: columns, outputs: outputs, labels: labels, k: k)
    case .binaryAccuracy:
      guard let targets else { return .nan }
      var count = 0
      for i in 0..<rows * columns where (outputs[i] > 0) == (targets[i] > 0.5) { count += 1 }
      return Double(count) / Double(columns)
    case .meanAbsoluteError:
      guard let targets else { return .nan }
      var total = 0.0
      for i in 0..<rows * columns { total += Double(abs(outputs[i] - targets[i])) }
      return total / Double(columns)
    }
  }

  /// How many labels are among the `k` largest outputs.
  ///
  /// Among equals the first counts as larger, and NaN is below every number: as in `topKAccuracy`,
  /// but without taking memory.
  private static func countTopK(
    rows: Int, columns: Int, outputs: UnsafePointer<Float>, labels: UnsafePointer<Int32>, k: Int
  ) -> Double {
    var right = 0
    for row in 0..<rows {
      let label = Int(labels[row])
      guard label >= 0, label < columns else { continue }
      let values = outputs + row * columns
      let own = values[label]
      var larger = 0
      for column in 0..<columns {
        let value = values[column]
        if value > own || (value == own && column < label) { larger += 1 }
      }
      if larger < k && !own.isNaN { right += 1 }
    }
    return Double(right)
  }
}
