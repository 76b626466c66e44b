internal import CKernels
package import Threads

extension Losses {
  /// Floats of scratch memory of the cross-entropies.
  package static func crossEntropyScratchCount(rows: Int, columns: Int) -> Int {
    2 * Chunks(rows: rows, columns: columns).count
  }

  /// Cross-entropy of the softmax of logits with one label a row.
  ///
  /// With weights w of classes, smoothing s, labels y and C columns: the sum over rows of
  /// (1 − s) · w[y] · (−log p[y]) + s / C · Σ w[c] · (−log p[c]), divided by the sum of w[y], or by
  /// `rows` without weights. (Szegedy et al., 2016, for the smoothing.)
  ///
  /// - Parameters:
  ///   - labels: In 0..<columns; data sets see to that. Another label makes the loss NaN, and the
  ///     row's gradient zero.
  ///   - probabilities: The softmax, rows × columns, for the gradient. It may be `logits`.
  ///   - weightSum: What the sum was divided by, for the gradient.
  package static func softmaxCrossEntropy(
    rows: Int, columns: Int, logits: UnsafePointer<Float>, labels: UnsafePointer<Int32>,
    labelSmoothing: Float = 0, classWeights: UnsafePointer<Float>? = nil,
    probabilities: UnsafeMutablePointer<Float>, loss: UnsafeMutablePointer<Float>,
    weightSum: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let task = CrossEntropy(
      chunks: Chunks(rows: rows, columns: columns), columns: columns, logits: logits,
      labels: labels, smoothing: labelSmoothing, classWeights: classWeights,
      probabilities: probabilities, sums: scratch)
    team.run(task)
    let sum = TreeSums.total(scratch, count: task.chunkCount, stride: 2)
    let weights = TreeSums.total(scratch + 1, count: task.chunkCount, stride: 2)
    weightSum.pointee = classWeights == nil ? Float(rows) : weights
    loss.pointee = sum / weightSum.pointee
  }

  /// The gradient of ``softmaxCrossEntropy`` with respect to the logits; `dx` may be
  /// `probabilities`.
  package static func softmaxCrossEntropyBackward(
    rows: Int, columns: Int, probabilities: UnsafePointer<Float>, labels: UnsafePointer<Int32>,
    labelSmoothing: Float = 0, classWeights: UnsafePointer<Float>? = nil,
    weightSum: UnsafePointer<Float>, lossGradient: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      CrossEntropyBackward(
        chunks: Chunks(rows: rows, columns: columns), columns: columns,
        probabilities: probabilities, labels: labels, smoothing: labelSmoothing,
        classWeights: classWeights, weightSum: weightSum, lossGradient: lossGradient, dx: dx,
        accumulate: accumulate))
  }

  /// Cross-entropy of the softmax of logits with a distribution t a row: the mean over rows of
  /// Σ w[c] · ((1 − s) · t[c] + s / C) · (−log p[c]).
  ///
  /// Parameters are as for labels; the weights do not change what the sum is divided by.
  package static func softmaxCrossEntropy(
    rows: Int, columns: Int, logits: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    labelSmoothing: Float = 0, classWeights: UnsafePointer<Float>? = nil,
    probabilities: UnsafeMutablePointer<Float>, loss: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let task = DenseCrossEntropy(
      chunks: Chunks(rows: rows, columns: columns), columns: columns, logits: logits,
      targets: targets, smoothing: labelSmoothing, classWeights: classWeights,
      probabilities: probabilities, sums: scratch)
    team.run(task)
    loss.pointee = TreeSums.total(scratch, count: task.chunkCount) / Float(rows)
  }

  /// The gradient of the cross-entropy with distributions with respect to the logits; `dx` may be
  /// `probabilities`.
  package static func softmaxCrossEntropyBackward(
    rows: Int, columns: Int, probabilities: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    labelSmoothing: Float = 0, classWeights: UnsafePointer<Float>? = nil,
    lossGradient: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    team.run(
      DenseCrossEntropyBackward(
        chunks: Chunks(rows: rows, columns: columns), columns: columns,
        probabilities: probabilities, targets: targets, smoothing: labelSmoothing,
        classWeights: classWeights, lossGradient: lossGradient, dx: dx, accumulate: accumulate))
  }
}

private struct CrossEntropy: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let logits: UnsafePointer<Float>
  let labels: UnsafePointer<Int32>
  let smoothing: Float
  let classWeights: UnsafePointer<Float>?
  let probabilities: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let row = chunks.start(chunk)
    nk_cross_entropy(
      chunks.length(chunk), columns, logits + row * columns, labels + row, smoothing,
      classWeights, probabilities + row * columns, sums + 2 * chunk)
  }
}

private struct CrossEntropyBackward: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let probabilities: UnsafePointer<Float>
  let labels: UnsafePointer<Int32>
  let smoothing: Float
  let classWeights: UnsafePointer<Float>?
  let weightSum: UnsafePointer<Float>
  let lossGradient: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let row = chunks.start(chunk)
    nk_cross_entropy_backward(
      chunks.length(chunk), columns, probabilities + row * columns, labels + row, smoothing,
      classWeights, lossGradient.pointee / weightSum.pointee, dx + row * columns, accumulate)
  }
}

private struct DenseCrossEntropy: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let logits: UnsafePointer<Float>
  let targets: UnsafePointer<Float>
  let smoothing: Float
  let classWeights: UnsafePointer<Float>?
  let probabilities: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk) * columns
    sums[chunk] = nk_cross_entropy_dense(
      chunks.length(chunk), columns, logits + start, targets + start, smoothing, classWeights,
      probabilities + start)
  }
}

private struct DenseCrossEntropyBackward: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let probabilities: UnsafePointer<Float>
  let targets: UnsafePointer<Float>
  let smoothing: Float
  let classWeights: UnsafePointer<Float>?
  let lossGradient: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk) * columns
    nk_cross_entropy_dense_backward(
      chunks.length(chunk), columns, probabilities + start, targets + start, smoothing,
      classWeights, lossGradient.pointee / Float(chunks.total), dx + start, accumulate)
  }
}
