package import Threads

/// Products of matrices, or of batches of matrices, in parallel.
///
/// All are row-major without gaps.
/// For one matrix b shared by a batch of a, flatten: [batch, m, k] · [k, n] is [batch·m, k] · [k, n].
package enum MatrixProduct {
  /// y[m, n] = a[m, k] · b[k, n], for every matrix of the batch.
  package static func forward(
    batch: Int = 1, m: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    multiply(batch: batch, m: m, n: n, k: k, a: a, b: b, c: y, team: team)
  }

  /// da[m, k] = dy[m, n] · bᵀ, or += with `accumulate`.
  package static func backwardLeft(
    batch: Int = 1, m: Int, n: Int, k: Int, dy: UnsafePointer<Float>, b: UnsafePointer<Float>,
    da: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    multiply(
      batch: batch, m: m, n: k, k: n, a: dy, b: b, transposeB: true, c: da,
      accumulate: accumulate, team: team)
  }

  /// db[k, n] = aᵀ · dy[m, n], or += with `accumulate`.
  package static func backwardRight(
    batch: Int = 1, m: Int, n: Int, k: Int, a: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    db: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    multiply(
      batch: batch, m: k, n: n, k: m, a: a, transposeA: true, b: dy, c: db,
      accumulate: accumulate, team: team)
  }

  /// c = alpha · op(a) · op(b), or += with `accumulate`; op(a) is m × k, op(b) is k × n.
  package static func multiply(
    batch: Int = 1, m: Int, n: Int, k: Int, a: UnsafePointer<Float>, transposeA: Bool = false,
    b: UnsafePointer<Float>, transposeB: Bool = false, c: UnsafeMutablePointer<Float>,
    alpha: Float = 1, accumulate: Bool = false, team: WorkerTeam
  ) {
    // Small matrices of a large batch: several a chunk.
    let work = max(1, 2 * m * n * k)
    let perChunk = max(1, min(batch, MatrixTiling.smallestWork / work))
    team.run(
      Multiply(
        matrices: Chunks(of: batch, size: perChunk),
        tiling: MatrixTiling(
          m: m, n: n, k: k, wantedTiles: MatrixTiling.wantedTiles / max(1, batch)),
        m: m, n: n, k: k, a: a, transposeA: transposeA, b: b, transposeB: transposeB, c: c,
        alpha: alpha, beta: accumulate ? 1 : 0))
  }
}

private struct Multiply: ParallelTask {
  let matrices: Chunks
  let tiling: MatrixTiling
  let m: Int
  let n: Int
  let k: Int
  let a: UnsafePointer<Float>
  let transposeA: Bool
  let b: UnsafePointer<Float>
  let transposeB: Bool
  let c: UnsafeMutablePointer<Float>
  let alpha: Float
  let beta: Float

  var chunkCount: Int { matrices.count * tiling.count }

  func run(chunk: Int, worker: Int) {
    let group = chunk / tiling.count
    let tile = chunk % tiling.count
    let row = tiling.firstRow(tile)
    let column = tiling.firstColumn(tile)
    let lda = transposeA ? m : k
    let ldb = transposeB ? k : n
    for matrix in matrices.start(group)..<matrices.start(group) + matrices.length(group) {
      GEMM.multiply(
        m: tiling.rowCount(tile), n: tiling.columnCount(tile), k: k,
        a: a + matrix * m * k + (transposeA ? row : row * lda), lda: lda, transposeA: transposeA,
        b: b + matrix * k * n + (transposeB ? column * ldb : column), ldb: ldb,
        transposeB: transposeB, c: c + matrix * m * n + row * n + column, ldc: n, alpha: alpha,
        beta: beta)
    }
  }
}
