internal import CKernels
internal import Threads

/// dW = xᵀ · dz and db = Σ dz, where many elements of x or of dz are zero.
///
/// x if it has enough zeros, else dz, is transposed and multiplied with the other by ``SparseProduct``. The bits are
/// those of ``TileReduction``, as those of the product are.
struct SparseReduction {
  let shape: TileReduction.Shape
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  let dWeights: UnsafeMutablePointer<Float>
  let dBias: UnsafeMutablePointer<Float>?
  let accumulate: Bool
  /// As many floats as ``scratchCount(_:threadCount:)`` says.
  let scratch: UnsafeMutablePointer<Float>

  /// Fewer rows are sums too short to save some of their terms.
  private static let leastRows = 32
  /// Less than for a product: transposing and packing take their time, too.
  private static let mostNonzero = 0.6

  /// The floats of scratch memory; enough for fewer rows, too.
  static func scratchCount(_ shape: TileReduction.Shape, threadCount: Int) -> Int {
    guard shape.rows >= leastRows else { return 0 }
    let rows = min(shape.rows, Int(NK_REDUCTION_DEPTH))
    return Factor.allCases.filter { mayPay(shape, skipping: $0) }.map {
      Block(shape, rows: rows, skipping: $0).productScratch
        + SparseProduct.scratchCount(depth: rows, threadCount: threadCount)
    }.max() ?? 0
  }

  /// What has the zeros.
  private enum Factor: CaseIterable { case x, dz }

  /// The columns of what has the zeros, which are the rows of the product, and those of the other factor.
  private static func widths(
    _ shape: TileReduction.Shape, skipping factor: Factor
  ) -> (sparse: Int, other: Int) {
    factor == .x ? (shape.places, shape.columns) : (shape.columns, shape.places)
  }

  private static func mayPay(_ shape: TileReduction.Shape, skipping factor: Factor) -> Bool {
    let (sparse, other) = widths(shape, skipping: factor)
    // As rows of so many elements they are looked at.
    return SparseProduct.mayPay(depth: sparse, columns: other)
      && (factor == .x || SparseProduct.isTransposable(columns: other))
  }

  private func pays(skipping factor: Factor) -> Bool {
    guard Self.mayPay(shape, skipping: factor) else { return false }
    let (sparse, other) = Self.widths(shape, skipping: factor)
    return SparseProduct.pays(
      rows: shape.rows, depth: sparse, columns: other, a: factor == .x ? x : dz, rowStep: sparse,
      mostNonzero: Self.mostNonzero)
  }

  /// Where the arrays of some rows lie in scratch memory, behind what is transposed.
  private struct Block {
    let matrix: PackedMatrix
    let transposed: Int
    let packed: Int
    let productScratch: Int

    init(_ shape: TileReduction.Shape, rows: Int, skipping factor: Factor) {
      let (sparse, other) = widths(shape, skipping: factor)
      transposed = sparse
      matrix = PackedMatrix(depth: rows, columns: other)
      packed = roundedToLine(sparse * rows)
      productScratch = packed + matrix.count
    }
  }

  /// Computes the sums, or returns false, having done nothing, where tiles are as fast.
  func run(team: WorkerTeam) -> Bool {
    // Rows that are cut into parts would be other sums.
    guard shape.rows >= Self.leastRows, shape.parts.count == 1,
      let factor = Factor.allCases.first(where: { pays(skipping: $0) })
    else { return false }
    // As many rows at a time as TileReduction adds up before it adds to what is there.
    let blocks = Chunks(of: shape.rows, size: Int(NK_REDUCTION_DEPTH))
    for index in 0..<blocks.count {
      multiply(
        first: blocks.start(index), rows: blocks.length(index), adds: accumulate || index > 0,
        skipping: factor, team: team)
    }
    return true
  }

  private func multiply(
    first: Int, rows: Int, adds: Bool, skipping factor: Factor, team: WorkerTeam
  ) {
    let block = Block(shape, rows: rows, skipping: factor)
    let (x, dz) = (x + first * shape.places, dz + first * shape.columns)
    let packed = scratch + block.packed
    team.run(
      TransposeAndPack(
        rows: rows, sparse: factor == .x ? x : dz,
        columns: Chunks(of: block.transposed, size: TransposeAndPack.columnsOfChunk),
        transposed: scratch, other: factor == .x ? dz : x, matrix: block.matrix, packed: packed))
    withUnsafePointer(to: nk_run(offset: 0, length: rows)) { run in
      let product = TileProduct(
        rows: block.transposed, matrix: block.matrix, a: scratch, aRows: .rows(step: rows),
        runs: run, runCount: 1, packed: packed, c: dWeights, cRows: .rows(step: shape.columns),
        addend: adds ? UnsafePointer(dWeights) : nil)
      team.run(
        SparseProduct(
          product, isTransposed: factor == .dz, scratch: scratch + block.productScratch))
    }
    if let dBias {
      team.run(
        BiasSums(
          rows: rows, columns: Chunks(of: shape.columns, size: PackedMatrix.blockColumns), x: dz,
          adds: adds, sums: dBias))
    }
  }
}

/// Brings rows into the form that their product needs: the sparse ones transposed, the others packed.
private struct TransposeAndPack: ParallelTask {
  let rows: Int
  let sparse: UnsafePointer<Float>
  /// Those of the sparse rows.
  let columns: Chunks
  let transposed: UnsafeMutablePointer<Float>
  let other: UnsafePointer<Float>
  let matrix: PackedMatrix
  let packed: UnsafeMutablePointer<Float>

  static let columnsOfChunk = 64

  var chunkCount: Int { columns.count + matrix.blocks.count }

  func run(chunk: Int, worker: Int) {
    if chunk < columns.count {
      transpose(first: columns.start(chunk), count: columns.length(chunk))
    } else {
      let block = chunk - columns.count
      var walk = nk_walk.rows(step: matrix.columns)
      nk_pack_rows(
        rows, &walk, 0, other + matrix.blocks.start(block), matrix.blocks.length(block), rows, 0,
        packed + matrix.offset(block))
    }
  }

  private func transpose(first: Int, count: Int) {
    var geometry = nk_strided()
    geometry.rank = 2
    (geometry.extent.0, geometry.extent.1) = (count, rows)
    (geometry.source.0, geometry.source.1) = (1, columns.total)
    (geometry.target.0, geometry.target.1) = (rows, 1)
    nk_copy_strided(
      &geometry, 0, count, 0, rows, sparse + first, transposed + first * rows, false)
  }
}

/// Sums over at most as many rows as TileReduction sums at a time.
private struct BiasSums: ParallelTask {
  let rows: Int
  let columns: Chunks
  let x: UnsafePointer<Float>
  let adds: Bool
  let sums: UnsafeMutablePointer<Float>

  var chunkCount: Int { columns.count }

  func run(chunk: Int, worker: Int) {
    let first = columns.start(chunk)
    nk_column_sums(x + first, columns.total, rows, columns.length(chunk), adds, sums + first)
  }
}
