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
    guard parts > 1 else {
      team.run(
        BackwardWeights(
          rows: rows, tiling: MatrixTiling(m: inputSize, n: outputSize, k: rows), x: x, dz: dz,
          dWeights: dWeights, dBias: dBias, accumulate: accumulate))
      return
    }
    team.run(
      PartialBackwardWeights(
        batches: batches, inputSize: inputSize, outputSize: outputSize, x: x, dz: dz,
        wantsBias: dBias != nil, partials: scratch))
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
    let parts = mostParts(rows: rows, inputSize: inputSize, outputSize: outputSize)
    guard parts > 1 else { return 0 }
    return parts
      * PartialSums.stride(weightCount: inputSize * outputSize, biasCount: outputSize)
  }

  /// Into how many parts the batch is cut; 1 where tiles of dW alone give enough chunks, or where
  /// the partial sums would cost more than they bring.
  private static func partCount(rows: Int, inputSize: Int, outputSize: Int) -> Int {
    let tiles = MatrixTiling(m: inputSize, n: outputSize, k: rows).count
    return tiles >= 16 ? 1 : mostParts(rows: rows, inputSize: inputSize, outputSize: outputSize)
  }

  private static func mostParts(rows: Int, inputSize: Int, outputSize: Int) -> Int {
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

/// Tiles of dW, each over the whole batch, then blocks of db.
private struct BackwardWeights: ParallelTask {
  let rows: Int
  let tiling: MatrixTiling
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  let dWeights: UnsafeMutablePointer<Float>
  let dBias: UnsafeMutablePointer<Float>?
  let accumulate: Bool

  private var biasChunks: Chunks { Chunks(of: dBias == nil ? 0 : tiling.n, size: 128) }

  var chunkCount: Int { tiling.count + biasChunks.count }

  func run(chunk: Int, worker: Int) {
    if chunk < tiling.count {
      let row = tiling.firstRow(chunk)
      let column = tiling.firstColumn(chunk)
      GEMM.multiply(
        m: tiling.rowCount(chunk), n: tiling.columnCount(chunk), k: rows, a: x + row,
        lda: tiling.m, transposeA: true, b: dz + column, ldb: tiling.n,
        c: dWeights + row * tiling.n + column, ldc: tiling.n, beta: accumulate ? 1 : 0)
    } else if let dBias {
      let column = biasChunks.start(chunk - tiling.count)
      nk_column_sums(
        dz + column, tiling.n, rows, biasChunks.length(chunk - tiling.count), accumulate,
        dBias + column)
    }
  }
}

/// dW and db of parts of the batch, each into its own place.
private struct PartialBackwardWeights: ParallelTask {
  let batches: Chunks
  let inputSize: Int
  let outputSize: Int
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  let wantsBias: Bool
  let partials: UnsafeMutablePointer<Float>

  var chunkCount: Int { batches.count }

  func run(chunk: Int, worker: Int) {
    let weightCount = inputSize * outputSize
    let first = batches.start(chunk)
    let part =
      partials + chunk * PartialSums.stride(weightCount: weightCount, biasCount: outputSize)
    GEMM.multiply(
      m: inputSize, n: outputSize, k: batches.length(chunk), a: x + first * inputSize,
      lda: inputSize, transposeA: true, b: dz + first * outputSize, ldb: outputSize, c: part,
      ldc: outputSize)
    if wantsBias {
      nk_column_sums(
        dz + first * outputSize, outputSize, batches.length(chunk), outputSize, false,
        part + roundedToLine(weightCount))
    }
  }
}
