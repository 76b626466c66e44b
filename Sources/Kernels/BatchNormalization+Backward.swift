internal import CKernels
package import Threads

// With x̂ = (x − mean) / √(variance + epsilon) and dz the gradient before the function:
//   dBeta = Σ dz, dGamma = Σ dz · x̂,
//   the addend's gradient is dz,
//   dx = gamma / √(variance + epsilon) · (dz − dBeta / rows − x̂ · dGamma / rows),
// where the last two terms are absent if the statistics were given.

extension BatchNormalization {
  /// What goes backward from the result of a normalization.
  package struct ResultGradient {
    /// The gradient of the result where `relu` is given, else that of the function's argument.
    ///
    /// Becomes the latter.
    let gradient: UnsafeMutablePointer<Float>
    /// The result of relu; nil where the function's derivative is part of the gradient already.
    let relu: UnsafePointer<Float>?
    /// Where the gradient of the addend goes, which `gradient` becomes as well; nil where it is not
    /// wanted apart.
    let addendGradient: UnsafeMutablePointer<Float>?
    let addsToAddend: Bool

    package init(
      _ gradient: UnsafeMutablePointer<Float>, relu: UnsafePointer<Float>? = nil,
      addendGradient: UnsafeMutablePointer<Float>? = nil, addsToAddend: Bool = false
    ) {
      self.gradient = gradient
      self.relu = relu
      self.addendGradient = addendGradient
      self.addsToAddend = addsToAddend
    }

    var normalized: nk_normalized {
      nk_normalized(
        gradient: gradient, relu: relu, addend_gradient: addendGradient,
        accumulates: addsToAddend)
    }
  }

  /// The gradients of a forward pass in training.
  ///
  /// - Parameters:
  ///   - dx: Nil where it is not wanted. May be x, but not the gradient that comes in.
  ///   - accumulate: Adds to dx rather than replacing it.
  ///   - dGamma: Nil where it is not wanted, as dBeta.
  ///   - accumulateParameters: Adds to dGamma and dBeta rather than replacing them.
  ///   - scratch: As many floats as ``backwardScratchCount(channels:)`` says.
  package static func backwardTraining(
    rows: Int, channels: Int, x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
    savedMean: UnsafePointer<Float>, savedInverseDeviation: UnsafePointer<Float>,
    result: ResultGradient, dx: UnsafeMutablePointer<Float>?, accumulate: Bool,
    dGamma: UnsafeMutablePointer<Float>?, dBeta: UnsafeMutablePointer<Float>?,
    accumulateParameters: Bool = false, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    precondition(rows > 0)
    let layout = NormalizationSums(rows: rows, channels: channels, start: scratch)
    sum(
      layout, x: x, result: result, mean: savedMean, inverseDeviation: savedInverseDeviation,
      gamma: gamma, dGamma: dGamma, dBeta: dBeta, accumulate: accumulateParameters, team: team)
    guard let dx else { return }
    team.run(
      Gradient(
        blocks: Chunks(rows: rows, columns: channels), channels: channels, x: x,
        dz: result.gradient, mean: savedMean, scale: layout.vector(1), offset: layout.vector(2),
        slope: layout.vector(3), accumulate: accumulate, dx: dx))
  }

  /// The gradients of a forward pass with given statistics; parameters as in
  /// ``backwardTraining(rows:channels:x:gamma:savedMean:savedInverseDeviation:result:dx:accumulate:dGamma:dBeta:accumulateParameters:scratch:team:)``.
  package static func backwardInference(
    rows: Int, channels: Int, x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
    epsilon: Float, runningMean: UnsafePointer<Float>, runningVariance: UnsafePointer<Float>,
    result: ResultGradient, dx: UnsafeMutablePointer<Float>?, accumulate: Bool,
    dGamma: UnsafeMutablePointer<Float>?, dBeta: UnsafeMutablePointer<Float>?,
    accumulateParameters: Bool = false, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    precondition(rows > 0)
    let layout = NormalizationSums(rows: rows, channels: channels, start: scratch)
    nk_normalization_scale(runningVariance, nil, channels, epsilon, layout.vector(0))
    sum(
      layout, x: x, result: result, mean: runningMean, inverseDeviation: layout.vector(0),
      gamma: gamma, dGamma: dGamma, dBeta: dBeta, accumulate: accumulateParameters, team: team)
    guard let dx else { return }
    nk_normalization_scale(runningVariance, gamma, channels, epsilon, layout.vector(1))
    team.run(
      ScaledGradient(
        blocks: Chunks(rows: rows, columns: channels), channels: channels, dz: result.gradient,
        scale: layout.vector(1), accumulate: accumulate, dx: dx))
  }

  /// The floats of scratch memory of a backward pass with any number of rows.
  package static func backwardScratchCount(channels: Int) -> Int {
    NormalizationSums.count(channels: channels)
  }

  private static func sum(
    _ layout: NormalizationSums, x: UnsafePointer<Float>, result: ResultGradient,
    mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>,
    gamma: UnsafePointer<Float>?, dGamma: UnsafeMutablePointer<Float>?,
    dBeta: UnsafeMutablePointer<Float>?, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      Sums(
        layout: layout, x: x, result: result.normalized, mean: mean,
        inverseDeviation: inverseDeviation))
    team.run(
      CombineSums(
        layout: layout, inverseDeviation: inverseDeviation, gamma: gamma, dGamma: dGamma,
        dBeta: dBeta, accumulate: accumulate))
  }
}

/// How rows are cut and where in the scratch memory things lie: four vectors of channels, then two
/// for every chunk of rows.
struct NormalizationSums {
  let rows: Int
  let channels: Int
  /// Chunks of rows with sums of their own: at most 64, so that combining them is cheap.
  let chunks: Chunks
  private let start: UnsafeMutablePointer<Float>

  private static let mostChunks = 64

  init(rows: Int, channels: Int, start: UnsafeMutablePointer<Float>) {
    self.rows = rows
    self.channels = channels
    self.start = start
    let block = max(16, Chunks.elements / max(1, channels))
    chunks = Chunks(of: rows, size: max(block, (rows + Self.mostChunks - 1) / Self.mostChunks))
  }

  static func count(channels: Int) -> Int { (4 + 2 * mostChunks) * roundedToLine(channels) }

  private var stride: Int { roundedToLine(channels) }

  func vector(_ index: Int) -> UnsafeMutablePointer<Float> { start + index * stride }

  func partial(_ index: Int, chunk: Int) -> UnsafeMutablePointer<Float> {
    vector(4 + 2 * chunk + index)
  }

  /// Floats from a chunk's partial result to the next chunk's.
  var partialStride: Int { 2 * stride }
}

private struct Sums: ParallelTask {
  let layout: NormalizationSums
  let x: UnsafePointer<Float>
  let result: nk_normalized
  let mean: UnsafePointer<Float>
  let inverseDeviation: UnsafePointer<Float>

  var chunkCount: Int { layout.chunks.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: result) {
      nk_normalization_sums(
        x, $0, layout.chunks.start(chunk), layout.chunks.length(chunk), layout.channels, mean,
        inverseDeviation, layout.partial(0, chunk: chunk), layout.partial(1, chunk: chunk))
    }
  }
}

/// Combines the chunks' sums in a binary tree over their numbers, for some channels each.
private struct CombineSums: ParallelTask {
  let layout: NormalizationSums
  let inverseDeviation: UnsafePointer<Float>
  let gamma: UnsafePointer<Float>?
  let dGamma: UnsafeMutablePointer<Float>?
  let dBeta: UnsafeMutablePointer<Float>?
  let accumulate: Bool

  private var columns: Chunks { Chunks(of: layout.channels, size: 256) }

  var chunkCount: Int { columns.count }

  func run(chunk: Int, worker: Int) {
    let first = columns.start(chunk)
    let count = columns.length(chunk)
    let sum = layout.vector(2) + first
    let product = layout.vector(3) + first
    let parts = layout.chunks.count
    nk_tree_sum(
      layout.partial(0, chunk: 0) + first, layout.partialStride, parts, count, false, sum)
    nk_tree_sum(
      layout.partial(1, chunk: 0) + first, layout.partialStride, parts, count, false, product)
    if let dBeta { nk_column_sums(sum, 0, 1, count, accumulate, dBeta + first) }
    if let dGamma { nk_column_sums(product, 0, 1, count, accumulate, dGamma + first) }
    nk_finish_normalization_sums(
      sum, product, inverseDeviation + first, gamma.map { $0 + first }, layout.rows, count,
      layout.vector(1) + first, sum, product)
  }
}

private struct Gradient: ParallelTask {
  let blocks: Chunks
  let channels: Int
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  let mean: UnsafePointer<Float>
  let scale: UnsafePointer<Float>
  let offset: UnsafePointer<Float>
  let slope: UnsafePointer<Float>
  let accumulate: Bool
  let dx: UnsafeMutablePointer<Float>

  var chunkCount: Int { blocks.count }

  func run(chunk: Int, worker: Int) {
    let start = blocks.start(chunk) * channels
    nk_normalization_gradient(
      x + start, dz + start, blocks.length(chunk), channels, mean, scale, offset, slope,
      accumulate, dx + start)
  }
}

private struct ScaledGradient: ParallelTask {
  let blocks: Chunks
  let channels: Int
  let dz: UnsafePointer<Float>
  let scale: UnsafePointer<Float>
  let accumulate: Bool
  let dx: UnsafeMutablePointer<Float>

  var chunkCount: Int { blocks.count }

  func run(chunk: Int, worker: Int) {
    let start = blocks.start(chunk) * channels
    nk_scale_columns(
      dz + start, blocks.length(chunk), channels, scale, accumulate, dx + start)
  }
}
