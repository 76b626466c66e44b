internal import CKernels
package import Threads

/// The affine map y = f(x · W + b) of rows, and its gradients.
///
/// x is [rows, inputSize], W [inputSize, outputSize], y [rows, outputSize].
package enum Dense {
  /// y = f(x · W + b).
  ///
  /// - Parameters:
  ///   - bias: `outputSize` elements, or nil for none.
  ///   - parameter: That of `function`, where it has one.
  package static func forward(
    rows: Int, inputSize: Int, outputSize: Int, x: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, function: ElementwiseFunction,
    parameter: Float, y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      Forward(
        tiling: MatrixTiling(m: rows, n: outputSize, k: inputSize), inputSize: inputSize, x: x,
        weights: weights, bias: bias, function: function.rawValue, parameter: parameter, y: y))
  }

  /// dx = dz · Wᵀ, or += with `accumulate`; dz is the gradient of x · W + b.
  package static func backwardData(
    rows: Int, inputSize: Int, outputSize: Int, dz: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    MatrixProduct.backwardLeft(
      m: rows, n: outputSize, k: inputSize, dy: dz, b: weights, da: dx, accumulate: accumulate,
      team: team)
  }

  /// dW = xᵀ · dz and db = Σ over rows of dz, or += with `accumulate`.
  ///
  /// - Parameter scratch: As many floats as ``scratchCount(rows:inputSize:outputSize:threadCount:)``
  ///   says.
  package static func backwardWeights(
    rows: Int, inputSize: Int, outputSize: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, accumulate: Bool, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    let parts = partCount(rows: rows, inputSize: inputSize, outputSize: outputSize)
    let batches = Chunks(of: rows, size: max(1, (rows + parts - 1) / parts))
    let tiling = MatrixTiling(
      m: inputSize, n: outputSize, k: batches.size,
      wantedTiles: (MatrixTiling.wantedTiles + parts - 1) / parts)
    guard parts > 1 else {
      team.run(
        BackwardWeights(
          batches: batches, tiling: tiling, x: x, dz: dz, weights: dWeights, bias: dBias,
          partStride: 0, accumulate: accumulate))
      return
    }
    team.run(
      BackwardWeights(
        batches: batches, tiling: tiling, x: x, dz: dz, weights: scratch,
        bias: dBias == nil ? nil : scratch + roundedToLine(inputSize * outputSize),
        partStride: PartialSums.stride(
          weightCount: inputSize * outputSize, biasCount: outputSize), accumulate: false))
    team.run(
      PartialSums(
        partials: scratch, parts: batches.count, weightCount: inputSize * outputSize,
        biasCount: outputSize, weights: dWeights, bias: dBias, accumulate: accumulate))
  }

  /// The floats of scratch memory of ``backwardWeights(rows:inputSize:outputSize:x:dz:dWeights:dBias:accumulate:scratch:team:)``;
  /// enough for fewer rows, too.
  package static func scratchCount(
    rows: Int, inputSize: Int, outputSize: Int, threadCount: Int
  ) -> Int {
    let parts = partCount(rows: rows, inputSize: inputSize, outputSize: outputSize)
    guard parts > 1 else { return 0 }
    return parts
      * PartialSums.stride(weightCount: inputSize * outputSize, biasCount: outputSize)
  }

  /// Into how many parts the batch is cut: at most 16, of at least 256 rows; 1 where the weights
  /// are so many that partial sums would take 16 MiB, and give enough tiles by themselves.
  private static func partCount(rows: Int, inputSize: Int, outputSize: Int) -> Int {
    inputSize * outputSize >= 1 << 18 ? 1 : max(1, min(16, rows / 256))
  }
}

private struct Forward: ParallelTask {
  let tiling: MatrixTiling
  let inputSize: Int
  let x: UnsafePointer<Float>
  let weights: UnsafePointer<Float>
  let bias: UnsafePointer<Float>?
  let function: Int32
  let parameter: Float
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { tiling.count }

  func run(chunk: Int, worker: Int) {
    let row = tiling.firstRow(chunk)
    let column = tiling.firstColumn(chunk)
    let rows = tiling.rowCount(chunk)
    let columns = tiling.columnCount(chunk)
    let tile = y + row * tiling.n + column
    GEMM.multiply(
      m: rows, n: columns, k: inputSize, a: x + row * inputSize, lda: inputSize,
      b: weights + column, ldb: tiling.n, c: tile, ldc: tiling.n)
    finishTile(
      tile, stride: tiling.n, rows: rows, columns: columns, bias: bias.map { $0 + column },
      function: function, parameter: parameter)
  }
}

/// Adds the bias to a tile and applies the function, while the tile is in cache.
@inline(__always)
func finishTile(
  _ tile: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int,
  bias: UnsafePointer<Float>?, function: Int32, parameter: Float
) {
  if bias == nil && function == ElementwiseFunction.identity.rawValue { return }
  nk_bias_activate(tile, stride, rows, columns, bias, function, parameter)
}

/// Tiles of dW and db, of every part of the batch.
private struct BackwardWeights: ParallelTask {
  let batches: Chunks
  let tiling: MatrixTiling
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  /// Those of the first part; the others follow at `partStride`.
  let weights: UnsafeMutablePointer<Float>
  let bias: UnsafeMutablePointer<Float>?
  let partStride: Int
  let accumulate: Bool

  private var biasChunks: Chunks { Chunks(of: bias == nil ? 0 : tiling.n, size: 512) }
  private var chunksOfPart: Int { tiling.count + biasChunks.count }

  // No rows are one part, too: it writes zeros.
  var chunkCount: Int { max(1, batches.count) * chunksOfPart }

  func run(chunk: Int, worker: Int) {
    let part = chunk / chunksOfPart
    let index = chunk % chunksOfPart
    let first = batches.start(part)
    let rows = batches.length(part)
    let gradients = dz + first * tiling.n
    if index < tiling.count {
      let row = tiling.firstRow(index)
      let column = tiling.firstColumn(index)
      GEMM.multiply(
        m: tiling.rowCount(index), n: tiling.columnCount(index), k: rows,
        a: x + first * tiling.m + row, lda: tiling.m, transposeA: true, b: gradients + column,
        ldb: tiling.n, c: weights + part * partStride + row * tiling.n + column, ldc: tiling.n,
        beta: accumulate ? 1 : 0)
    } else if let bias {
      let column = biasChunks.start(index - tiling.count)
      nk_column_sums(
        gradients + column, tiling.n, rows, biasChunks.length(index - tiling.count), accumulate,
        bias + part * partStride + column)
    }
  }
}
