internal import CKernels
package import Threads

/// Batch normalization of [rows, channels]: every channel gets a mean of `beta` and a standard
/// deviation of `gamma` (Ioffe and Szegedy, 2015).
///
/// For images, the rows are all pixels of the batch.
///
/// `gamma` and `beta` have one element a channel; nil stands for ones and zeros. The variance is the
/// biased one (divided by the number of rows), also in the running statistics, as in Keras.
package enum BatchNormalization {
  /// y = f((x − mean) / √(variance + epsilon) · gamma + beta + addend), with the statistics of these
  /// rows.
  ///
  /// - Parameters:
  ///   - rows: 1 or more; with a single row, y is f(beta).
  ///   - momentum: running ← momentum · running + (1 − momentum) · that of these rows.
  ///   - moments: Those of x, where what wrote it took them; nil has them taken here.
  ///   - savedMean: Written, for the backward pass; one element a channel.
  ///   - savedInverseDeviation: Likewise 1 / √(variance + epsilon).
  ///   - addend: As many elements as x, or nil for none.
  ///   - parameter: That of `function`, where it has one.
  ///   - y: May be x, if x is not needed for the backward pass.
  ///   - scratch: As many floats as ``forwardScratchCount(rows:channels:isTraining:)`` says.
  package static func forwardTraining(
    rows: Int, channels: Int, x: UnsafePointer<Float>, moments: ChannelMoments? = nil,
    gamma: UnsafePointer<Float>?, beta: UnsafePointer<Float>?, epsilon: Float, momentum: Float,
    runningMean: UnsafeMutablePointer<Float>, runningVariance: UnsafeMutablePointer<Float>,
    savedMean: UnsafeMutablePointer<Float>, savedInverseDeviation: UnsafeMutablePointer<Float>,
    addend: UnsafePointer<Float>? = nil, function: ElementwiseFunction, parameter: Float,
    y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    precondition(rows > 0)
    let scale = scratch
    let known: ChannelMoments
    if let moments {
      known = moments
    } else {
      let taken = ColumnMoments(
        parts: RowParts(rows: rows, columns: channels), columns: channels, matrix: x,
        partials: scratch + roundedToLine(channels))
      taken.take(team: team)
      taken.combine(team: team)
      known = taken.ofAllRows
    }
    team.run(
      FinishMoments(
        rows: rows, channels: channels, moments: known, gamma: gamma, epsilon: epsilon,
        momentum: momentum, runningMean: runningMean, runningVariance: runningVariance,
        savedMean: savedMean, savedInverseDeviation: savedInverseDeviation, scale: scale))
    team.run(
      Normalize(
        blocks: Chunks(rows: rows, columns: channels), channels: channels, x: x, mean: savedMean,
        scale: scale, beta: beta, addend: addend, function: function, parameter: parameter, y: y))
  }

  /// y = f((x − mean) / √(variance + epsilon) · gamma + beta + addend), with given statistics.
  package static func forwardInference(
    rows: Int, channels: Int, x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
    beta: UnsafePointer<Float>?, epsilon: Float, runningMean: UnsafePointer<Float>,
    runningVariance: UnsafePointer<Float>, addend: UnsafePointer<Float>? = nil,
    function: ElementwiseFunction, parameter: Float, y: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    nk_normalization_scale(runningVariance, gamma, channels, epsilon, scratch)
    team.run(
      Normalize(
        blocks: Chunks(rows: rows, columns: channels), channels: channels, x: x,
        mean: runningMean, scale: scratch, beta: beta, addend: addend,
        function: function, parameter: parameter, y: y))
  }

  /// Weights and a bias of the affine map that is followed by a normalization with given
  /// statistics: their result is that of both.
  ///
  /// - Parameters:
  ///   - weights: [weightRows, channels].
  ///   - bias: One element a channel, or nil for none.
  package static func fold(
    weightRows: Int, channels: Int, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, epsilon: Float,
    runningMean: UnsafePointer<Float>, runningVariance: UnsafePointer<Float>,
    intoWeights: UnsafeMutablePointer<Float>, intoBias: UnsafeMutablePointer<Float>
  ) {
    // The factors first take the place of the bias.
    nk_normalization_scale(runningVariance, gamma, channels, epsilon, intoBias)
    for row in 0..<weightRows {
      let (source, target) = (weights + row * channels, intoWeights + row * channels)
      for channel in 0..<channels { target[channel] = source[channel] * intoBias[channel] }
    }
    for channel in 0..<channels {
      let mean = runningMean[channel] - (bias?[channel] ?? 0)
      intoBias[channel] = beta[channel] - mean * intoBias[channel]
    }
  }

  /// The floats of scratch memory of a forward pass; enough for fewer rows, too.
  package static func forwardScratchCount(rows: Int, channels: Int, isTraining: Bool) -> Int {
    guard isTraining else { return roundedToLine(channels) }
    return roundedToLine(channels)
      + ColumnMoments.count(
        parts: RowParts.mostCount(rows: rows, columns: channels), columns: channels)
  }
}

/// From the moments of all rows, what the normalisation needs and keeps, for some channels each.
private struct FinishMoments: ParallelTask {
  let rows: Int
  let channels: Int
  let moments: ChannelMoments
  let gamma: UnsafePointer<Float>?
  let epsilon: Float
  let momentum: Float
  let runningMean: UnsafeMutablePointer<Float>
  let runningVariance: UnsafeMutablePointer<Float>
  let savedMean: UnsafeMutablePointer<Float>
  let savedInverseDeviation: UnsafeMutablePointer<Float>
  let scale: UnsafeMutablePointer<Float>

  private var columns: Chunks { Chunks(of: channels, size: 256) }

  var chunkCount: Int { columns.count }

  func run(chunk: Int, worker: Int) {
    let first = columns.start(chunk)
    let count = columns.length(chunk)
    (savedMean + first).update(from: moments.mean + first, count: count)
    nk_finish_moments(
      savedMean + first, moments.squares + first, rows, count, epsilon, momentum,
      savedInverseDeviation + first, runningMean + first, runningVariance + first)
    nk_multiply_or_copy(
      savedInverseDeviation + first, gamma.map { $0 + first }, count, scale + first)
  }
}

private struct Normalize: ParallelTask {
  let blocks: Chunks
  let channels: Int
  let x: UnsafePointer<Float>
  let mean: UnsafePointer<Float>
  let scale: UnsafePointer<Float>
  let beta: UnsafePointer<Float>?
  let addend: UnsafePointer<Float>?
  let function: ElementwiseFunction
  let parameter: Float
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { blocks.count }

  func run(chunk: Int, worker: Int) {
    let start = blocks.start(chunk) * channels
    let rows = blocks.length(chunk)
    let activatesLater = function != .relu && function != .identity
    nk_normalize(
      x + start, rows, channels, mean, scale, beta, addend.map { $0 + start }, function == .relu,
      !activatesLater && blocks.total * channels >= Chunks.cachedElements, y + start)
    if activatesLater {
      nk_activate(rows * channels, y + start, y + start, function.rawValue, parameter)
    }
  }
}
