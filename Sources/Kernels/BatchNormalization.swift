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
  ///   - savedMean: Written, for the backward pass; one element a channel.
  ///   - savedInverseDeviation: Likewise 1 / √(variance + epsilon).
  ///   - addend: As many elements as x, or nil for none.
  ///   - parameter: That of `function`, where it has one.
  ///   - y: May be x, if x is not needed for the backward pass.
  ///   - scratch: As many floats as ``scratchCount(rows:channels:threadCount:)`` says.
  package static func forwardTraining(
    rows: Int, channels: Int, x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
    beta: UnsafePointer<Float>?, epsilon: Float, momentum: Float,
    runningMean: UnsafeMutablePointer<Float>, runningVariance: UnsafeMutablePointer<Float>,
    savedMean: UnsafeMutablePointer<Float>, savedInverseDeviation: UnsafeMutablePointer<Float>,
    addend: UnsafePointer<Float>? = nil, function: ElementwiseFunction, parameter: Float,
    y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    precondition(rows > 0)
    let layout = NormalizationScratch(rows: rows, channels: channels, start: scratch)
    team.run(Moments(layout: layout, x: x))
    team.run(
      CombineMoments(
        layout: layout, gamma: gamma, epsilon: epsilon, momentum: momentum,
        runningMean: runningMean, runningVariance: runningVariance, savedMean: savedMean,
        savedInverseDeviation: savedInverseDeviation))
    team.run(
      Normalize(
        blocks: Chunks(rows: rows, columns: channels), channels: channels, x: x, mean: savedMean,
        scale: layout.vector(0), beta: beta, addend: addend, function: function,
        parameter: parameter, y: y))
  }

  /// y = f((x − mean) / √(variance + epsilon) · gamma + beta + addend), with given statistics.
  package static func forwardInference(
    rows: Int, channels: Int, x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
    beta: UnsafePointer<Float>?, epsilon: Float, runningMean: UnsafePointer<Float>,
    runningVariance: UnsafePointer<Float>, addend: UnsafePointer<Float>? = nil,
    function: ElementwiseFunction, parameter: Float, y: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let layout = NormalizationScratch(rows: rows, channels: channels, start: scratch)
    nk_normalization_scale(runningVariance, gamma, channels, epsilon, layout.vector(0))
    team.run(
      Normalize(
        blocks: Chunks(rows: rows, columns: channels), channels: channels, x: x,
        mean: runningMean, scale: layout.vector(0), beta: beta, addend: addend,
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

  /// The floats of scratch memory of any pass; enough for fewer rows, too.
  package static func scratchCount(rows: Int, channels: Int, threadCount: Int) -> Int {
    NormalizationScratch.count(rows: rows, channels: channels, threadCount: threadCount)
  }
}

/// How rows are cut and where in the scratch memory things lie: four vectors of channels, then two
/// for every chunk of rows, then two for every worker.
struct NormalizationScratch {
  let rows: Int
  let channels: Int
  let start: UnsafeMutablePointer<Float>
  /// Chunks of rows with statistics of their own.
  let chunks: Chunks

  /// Chunks are at most 64, so that combining them is cheap.
  private static let mostChunks = 64

  init(rows: Int, channels: Int, start: UnsafeMutablePointer<Float>) {
    self.rows = rows
    self.channels = channels
    self.start = start
    self.chunks = Chunks(
      of: rows,
      size: max(Self.blockRows(channels: channels), (rows + Self.mostChunks - 1) / Self.mostChunks))
  }

  /// Rows that the two passes over x take at a time: 64 KiB, unless channels are very many.
  static func blockRows(channels: Int) -> Int { max(16, 16384 / max(1, channels)) }

  static func count(rows: Int, channels: Int, threadCount: Int) -> Int {
    (4 + 2 * mostChunks + 2 * threadCount) * roundedToLine(channels)
  }

  private var stride: Int { roundedToLine(channels) }

  func vector(_ index: Int) -> UnsafeMutablePointer<Float> { start + index * stride }

  func partial(_ index: Int, chunk: Int) -> UnsafeMutablePointer<Float> {
    vector(4 + 2 * chunk + index)
  }

  func temporary(_ index: Int, worker: Int) -> UnsafeMutablePointer<Float> {
    vector(4 + 2 * Self.mostChunks + 2 * worker + index)
  }

  /// Floats from a chunk's partial result to the next chunk's.
  var partialStride: Int { 2 * stride }
}

private struct Moments: ParallelTask {
  let layout: NormalizationScratch
  let x: UnsafePointer<Float>

  var chunkCount: Int { layout.chunks.count }

  func run(chunk: Int, worker: Int) {
    let channels = layout.channels
    let mean = layout.partial(0, chunk: chunk)
    let squares = layout.partial(1, chunk: chunk)
    let otherMean = layout.temporary(0, worker: worker)
    let otherSquares = layout.temporary(1, worker: worker)
    let first = layout.chunks.start(chunk)
    let count = layout.chunks.length(chunk)
    let blockRows = NormalizationScratch.blockRows(channels: channels)
    nk_column_moments(x + first * channels, min(blockRows, count), channels, mean, squares)
    var done = min(blockRows, count)
    while done < count {
      let rows = min(blockRows, count - done)
      nk_column_moments(x + (first + done) * channels, rows, channels, otherMean, otherSquares)
      nk_merge_moments(
        mean, squares, Double(done), otherMean, otherSquares, Double(rows), channels)
      done += rows
    }
  }
}

/// Combines the chunks' moments in a binary tree over their numbers, for some channels each.
private struct CombineMoments: ParallelTask {
  let layout: NormalizationScratch
  let gamma: UnsafePointer<Float>?
  let epsilon: Float
  let momentum: Float
  let runningMean: UnsafeMutablePointer<Float>
  let runningVariance: UnsafeMutablePointer<Float>
  let savedMean: UnsafeMutablePointer<Float>
  let savedInverseDeviation: UnsafeMutablePointer<Float>

  private var columns: Chunks { Chunks(of: layout.channels, size: 256) }

  var chunkCount: Int { columns.count }

  func run(chunk: Int, worker: Int) {
    let first = columns.start(chunk)
    let count = columns.length(chunk)
    let chunks = layout.chunks
    var span = 1
    while span < chunks.count {
      var part = 0
      while part + span < chunks.count {
        let other = part + span
        let rows = chunks.start(other) - chunks.start(part)
        let end = min(chunks.total, chunks.start(other) + span * chunks.size)
        nk_merge_moments(
          layout.partial(0, chunk: part) + first, layout.partial(1, chunk: part) + first,
          Double(rows), layout.partial(0, chunk: other) + first,
          layout.partial(1, chunk: other) + first, Double(end - chunks.start(other)), count)
        part += 2 * span
      }
      span *= 2
    }
    (savedMean + first).update(from: layout.partial(0, chunk: 0) + first, count: count)
    nk_finish_moments(
      savedMean + first, layout.partial(1, chunk: 0) + first, layout.rows, count, epsilon,
      momentum, savedInverseDeviation + first, runningMean + first, runningVariance + first)
    nk_multiply_or_copy(
      savedInverseDeviation + first, gamma.map { $0 + first }, count, layout.vector(0) + first)
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
