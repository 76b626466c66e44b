internal import CKernels
internal import Threads

/// Convolution where every channel has a kernel of its own.
enum DepthwiseConvolution {
  static func forward(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, function: ElementwiseFunction,
    parameter: Float, y: UnsafeMutablePointer<Float>, moments: ColumnMoments?, team: WorkerTeam
  ) {
    team.run(
      DepthwiseForward(
        geometry: geometry, window: geometry.window, lines: lines(geometry, batch: batch), x: x,
        weights: weights, bias: bias, function: function.rawValue, parameter: parameter, y: y,
        moments: moments))
  }

  /// Lines of the result that are computed together.
  private static func lines(_ geometry: ConvolutionGeometry, batch: Int) -> Chunks {
    Chunks(
      rows: batch * geometry.outputHeight,
      columns: geometry.outputWidth * geometry.outputChannels)
  }

  /// The rows whose moments are taken together.
  static func momentParts(_ geometry: ConvolutionGeometry, batch: Int) -> RowParts {
    let size = lines(geometry, batch: batch).size * geometry.outputWidth
    return RowParts(Chunks(of: batch * geometry.outputPixels, size: size))
  }

  static func backwardData(
    _ geometry: ConvolutionGeometry, batch: Int, dz: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    team.run(
      DepthwiseBackwardData(
        window: geometry.window,
        lines: Chunks(
          rows: batch * geometry.inputHeight, columns: geometry.inputWidth * geometry.inputChannels),
        dz: dz, weights: weights, dx: dx, accumulate: accumulate))
  }

  static func backwardWeights(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, accumulate: Bool, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    let lines = batch * geometry.outputHeight
    let parts = partCount(geometry, batch: batch)
    let chunks = Chunks(of: lines, size: max(1, (lines + parts - 1) / parts))
    team.run(
      DepthwiseBackwardWeights(
        geometry: geometry, window: geometry.window, lines: chunks, x: x, dz: dz,
        wantsBias: dBias != nil, partials: scratch))
    team.run(
      PartialSums(
        partials: scratch, parts: chunks.count, weightCount: geometry.weightCount,
        biasCount: geometry.outputChannels, weights: dWeights, bias: dBias,
        accumulate: accumulate))
  }

  static func scratchCount(_ geometry: ConvolutionGeometry, maximumBatch: Int) -> Int {
    partCount(geometry, batch: maximumBatch)
      * PartialSums.stride(weightCount: geometry.weightCount, biasCount: geometry.outputChannels)
  }

  /// Parts of the batch: at most 64, of a line of pixels or more and some microseconds of work.
  private static func partCount(_ geometry: ConvolutionGeometry, batch: Int) -> Int {
    let lines = batch * geometry.outputHeight
    let work = lines * geometry.outputWidth * geometry.outputChannels / Chunks.elements
    return max(1, min(64, lines, work))
  }
}

private struct DepthwiseForward: ParallelTask {
  let geometry: ConvolutionGeometry
  let window: nk_window
  let lines: Chunks
  let x: UnsafePointer<Float>
  let weights: UnsafePointer<Float>
  let bias: UnsafePointer<Float>?
  let function: Int32
  let parameter: Float
  let y: UnsafeMutablePointer<Float>
  let moments: ColumnMoments?

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    let first = lines.start(chunk)
    let count = lines.length(chunk)
    withUnsafePointer(to: window) { nk_depthwise_forward($0, x, weights, first, count, y) }
    finishTile(
      y + first * geometry.outputWidth * geometry.outputChannels,
      stride: geometry.outputChannels, rows: count * geometry.outputWidth,
      columns: geometry.outputChannels, bias: bias, function: function, parameter: parameter)
    moments?.take(part: chunk, columns: 0..<geometry.outputChannels)
  }
}

private struct DepthwiseBackwardData: ParallelTask {
  let window: nk_window
  let lines: Chunks
  let dz: UnsafePointer<Float>
  let weights: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: window) {
      nk_depthwise_backward_data(
        $0, dz, weights, lines.start(chunk), lines.length(chunk), accumulate, dx)
    }
  }
}

private struct DepthwiseBackwardWeights: ParallelTask {
  let geometry: ConvolutionGeometry
  let window: nk_window
  let lines: Chunks
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  let wantsBias: Bool
  let partials: UnsafeMutablePointer<Float>

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    let part =
      partials + chunk
      * PartialSums.stride(weightCount: geometry.weightCount, biasCount: geometry.outputChannels)
    let first = lines.start(chunk)
    let count = lines.length(chunk)
    part.update(repeating: 0, count: geometry.weightCount)
    withUnsafePointer(to: window) {
      nk_depthwise_backward_weights($0, x, dz, first, count, part)
    }
    if wantsBias {
      nk_column_sums(
        dz + first * geometry.outputWidth * geometry.outputChannels, geometry.outputChannels,
        count * geometry.outputWidth, geometry.outputChannels, false,
        part + roundedToLine(geometry.weightCount))
    }
  }
}
