/// Batch normalization by its definition, in Double.
package struct ReferenceBatchNormalization {
  package var mean: [Double]
  package var variance: [Double]
  /// (x − mean) / √(variance + epsilon).
  package var normalized: [Double]

  /// Normalises rows of `channels` elements with their own statistics.
  package init(channels: Int, x: [Double], epsilon: Double) {
    let rows = x.count / channels
    var mean = [Double](repeating: 0, count: channels)
    var variance = [Double](repeating: 0, count: channels)
    for (index, value) in x.enumerated() { mean[index % channels] += value / Double(rows) }
    for (index, value) in x.enumerated() {
      let deviation = value - mean[index % channels]
      variance[index % channels] += deviation * deviation / Double(rows)
    }
    self.init(channels: channels, x: x, epsilon: epsilon, mean: mean, variance: variance)
  }

  /// Normalises rows of `channels` elements with given statistics.
  package init(channels: Int, x: [Double], epsilon: Double, mean: [Double], variance: [Double]) {
    self.mean = mean
    self.variance = variance
    self.normalized = x.enumerated().map { index, value in
      (value - mean[index % channels]) / (variance[index % channels] + epsilon).squareRoot()
    }
  }
}
