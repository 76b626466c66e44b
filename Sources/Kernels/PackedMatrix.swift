internal import CKernels
internal import Threads

/// How a matrix is packed for ``TileProduct``: in blocks of 64 columns, each with all rows.
struct PackedMatrix {
  /// Columns of a block: one panel of the widest tiles.
  static let blockColumns = Int(NK_SPARSE_COLUMNS)

  let depth: Int
  let columns: Int

  /// Floats of the packed matrix.
  var count: Int { nk_packed_count(depth, columns) }

  var blocks: Chunks { Chunks(of: columns, size: Self.blockColumns) }

  /// Where a block starts.
  func offset(_ block: Int) -> Int { depth * block * Self.blockColumns }

  /// Packs rows `rowStep` apart, a block of columns a chunk.
  func pack(
    _ matrix: UnsafePointer<Float>, rowStep: Int, into packed: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    team.run(PackRows(matrix: self, source: matrix, rowStep: rowStep, packed: packed))
  }

  /// Packs the transpose of a matrix whose rows, of `depth` elements, are `rowStep` apart.
  func packTransposed(
    _ matrix: UnsafePointer<Float>, rowStep: Int, into packed: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    team.run(PackTransposed(matrix: self, source: matrix, rowStep: rowStep, packed: packed))
  }
}

private struct PackRows: ParallelTask {
  let matrix: PackedMatrix
  let source: UnsafePointer<Float>
  let rowStep: Int
  let packed: UnsafeMutablePointer<Float>

  private var parts: Chunks { Chunks(of: matrix.depth, size: 256) }

  var chunkCount: Int { matrix.blocks.count * parts.count }

  func run(chunk: Int, worker: Int) {
    // Rows change slowest, as they lie: a thread packs those that it updated, and writes again what only
    // it has read (docs/decisions/0015).
    let block = chunk % matrix.blocks.count
    let part = chunk / matrix.blocks.count
    var walk = nk_walk.rows(step: rowStep)
    nk_pack_rows(
      parts.length(part), &walk, parts.start(part), source + matrix.blocks.start(block),
      matrix.blocks.length(block), matrix.depth, parts.start(part),
      packed + matrix.offset(block))
  }
}

private struct PackTransposed: ParallelTask {
  let matrix: PackedMatrix
  let source: UnsafePointer<Float>
  let rowStep: Int
  let packed: UnsafeMutablePointer<Float>

  private var parts: Chunks { Chunks(of: matrix.depth, size: 256) }

  var chunkCount: Int { matrix.blocks.count * parts.count }

  func run(chunk: Int, worker: Int) {
    let block = chunk / parts.count
    let part = chunk % parts.count
    nk_pack_transposed(
      parts.length(part),
      source + matrix.blocks.start(block) * rowStep + parts.start(part), rowStep,
      matrix.blocks.length(block), matrix.depth, parts.start(part),
      packed + matrix.offset(block))
  }
}

extension nk_walk {
  /// Rows of one matrix, `step` floats apart.
  static func rows(step: Int) -> nk_walk {
    nk_walk(inner: .max, inner_step: step, middle: 1, middle_step: 0, outer_step: 0)
  }
}
