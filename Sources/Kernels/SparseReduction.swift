internal import CKernels
internal import Threads

/// dW = xᵀ · dz and db = Σ dz, where many elements of x are zero.
///
/// x is transposed and multiplied by ``SparseProduct``. The bits are those of ``TileReduction``.
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

  /// The floats of scratch memory; enough for fewer rows, too.
  static func scratchCount(_ shape: TileReduction.Shape, threadCount: Int) -> Int {
    guard shape.rows >= leastRows,
      SparseProduct.mayPay(depth: shape.places, columns: shape.columns)
    else { return 0 }
    let rows = min(shape.rows, Int(NK_REDUCTION_DEPTH))
    return Block(shape, rows: rows).productScratch
      + SparseProduct.scratchCount(depth: rows, threadCount: threadCount)
  }

  /// Where the arrays of some rows lie in scratch memory, behind x transposed.
  private struct Block {
    let matrix: PackedMatrix
    let packed: Int
    let productScratch: Int

    init(_ shape: TileReduction.Shape, rows: Int) {
      matrix = PackedMatrix(depth: rows, columns: shape.columns)
      packed = roundedToLine(shape.places * rows)
      productScratch = packed + matrix.count
    }
  }

  /// Computes the sums, or returns false, having done nothing, where tiles are as fast.
  func run(team: WorkerTeam) -> Bool {
    // Rows that are cut into parts would be other sums.
    guard shape.rows >= Self.leastRows, shape.parts.count == 1,
      SparseProduct.pays(
        rows: shape.rows, depth: shape.places, columns: shape.columns, a: x,
        rowStep: shape.places)
    else { return false }
    // As many rows at a time as TileReduction adds up before it adds to what is there.
    let blocks = Chunks(of: shape.rows, size: Int(NK_REDUCTION_DEPTH))
    for index in 0..<blocks.count {
      let (first, rows) = (blocks.start(index), blocks.length(index))
      let (block, adds) = (Block(shape, rows: rows), accumulate || index > 0)
      team.run(
        TransposedRows(
          rows: rows, places: Chunks(of: shape.places, size: TransposedRows.placesOfChunk),
          x: x + first * shape.places, transposed: scratch, matrix: block.matrix,
          dz: dz + first * shape.columns, packed: scratch + block.packed, dBias: dBias,
          adds: adds))
      withUnsafePointer(to: nk_run(offset: 0, length: rows)) { run in
        let product = TileProduct(
          rows: shape.places, matrix: block.matrix, a: scratch, aRows: .rows(step: rows),
          runs: run, runCount: 1, packed: scratch + block.packed, c: dWeights,
          cRows: .rows(step: shape.columns), addend: adds ? UnsafePointer(dWeights) : nil)
        team.run(SparseProduct(product, scratch: scratch + block.productScratch))
      }
    }
    return true
  }
}

/// Brings rows into the form that their product needs: x transposed, and dz packed, whose columns are summed
/// on the way.
private struct TransposedRows: ParallelTask {
  let rows: Int
  let places: Chunks
  let x: UnsafePointer<Float>
  let transposed: UnsafeMutablePointer<Float>
  let matrix: PackedMatrix
  let dz: UnsafePointer<Float>
  let packed: UnsafeMutablePointer<Float>
  let dBias: UnsafeMutablePointer<Float>?
  let adds: Bool

  static let placesOfChunk = 64

  var chunkCount: Int { places.count + matrix.blocks.count }

  func run(chunk: Int, worker: Int) {
    if chunk < places.count {
      transpose(first: places.start(chunk), count: places.length(chunk))
    } else {
      pack(block: chunk - places.count)
    }
  }

  private func transpose(first: Int, count: Int) {
    var geometry = nk_strided()
    geometry.rank = 2
    (geometry.extent.0, geometry.extent.1) = (count, rows)
    (geometry.source.0, geometry.source.1) = (1, places.total)
    (geometry.target.0, geometry.target.1) = (rows, 1)
    nk_copy_strided(&geometry, 0, count, 0, rows, x + first, transposed + first * rows, false)
  }

  private func pack(block: Int) {
    let (column, columns) = (matrix.blocks.start(block), matrix.blocks.length(block))
    var walk = nk_walk.rows(step: matrix.columns)
    nk_pack_rows(rows, &walk, 0, dz + column, columns, rows, 0, packed + matrix.offset(block))
    if let dBias {
      nk_column_sums(dz + column, matrix.columns, rows, columns, adds, dBias + column)
    }
  }
}
