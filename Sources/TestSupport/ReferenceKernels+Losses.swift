internal import Foundation
import Kernels

extension ReferenceKernels {
  /// Softmax of one row.
  package static func softmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let e = x.map { exp($0 - largest) }
    let sum = e.reduce(0, +)
    return e.map { $0 / sum }
  }

  /// −log p of one row.
  package static func negativeLogSoftmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let logSum = log(x.map { exp($0 - largest) }.reduce(0, +))
    return x.map { logSum - ($0 - largest) }
  }

  /// Cross-entropy with labels, as torch.nn.CrossEntropyLoss defines it.
  package static func crossEntropy(
    _ rows: [[Double]], labels: [Int], smoothing: Double, weights: [Double]?
  ) -> Double {
    var (sum, total) = (0.0, 0.0)
    for (row, label) in zip(rows, labels) {
      let w = weights ?? row.map { _ in 1 }
      let l = negativeLogSoftmax(row)
      sum += (1 - smoothing) * w[label] * l[label]
      sum += smoothing / Double(row.count) * zip(w, l).map { $0 * $1 }.reduce(0, +)
      total += w[label]
    }
    return sum / total
  }

  /// Cross-entropy with distributions, as torch.nn.CrossEntropyLoss defines it.
  package static func crossEntropy(
    _ rows: [[Double]], targets: [[Double]], smoothing: Double, weights: [Double]?
  ) -> Double {
    var sum = 0.0
    for (row, target) in zip(rows, targets) {
      let l = negativeLogSoftmax(row)
      for c in row.indices {
        let t = target[c] * (1 - smoothing) + smoothing / Double(row.count)
        sum += (weights?[c] ?? 1) * t * l[c]
      }
    }
    return sum / Double(rows.count)
  }

  /// The binary cross-entropy of one logit.
  package static func binaryCrossEntropy(
    _ x: Double, target t: Double, positiveWeight w: Double
  ) -> Double {
    w * t * value(.softplus, -x) + (1 - t) * value(.softplus, x)
  }

  /// The Huber loss of one difference.
  package static func huber(_ d: Double, delta: Double) -> Double {
    abs(d) <= delta ? d * d / 2 : delta * (abs(d) - delta / 2)
  }
}
