internal import CKernels
internal import Threads

/// dW = aᵀ · dz and db = Σ dz: sums over rows, which may be the pixels of images.
///
/// Cut into parts of the rows (whose sums lie apart until ``GradientSums`` adds them), parts of the
/// places of a row and blocks of columns, by shape alone.
struct TileReduction: ParallelTask {
  let shape: Shape
  let a: UnsafePointer<Float>
  let aRows: nk_walk
  /// The places of a row: `shape.places` floats in all.
  let runs: UnsafePointer<nk_run>
  let runCount: Int
  /// Rows of `rowStep` elements, the columns from `firstColumn` on; so dW.
  let dz: UnsafePointer<Float>
  let rowStep: Int
  let firstColumn: Int
  let sums: GradientSums
  /// `workerScratch` floats for each worker.
  let scratch: UnsafeMutablePointer<Float>

  /// The sizes and the cutting.
  struct Shape {
    let rows: Int
    let places: Int
    let columns: Int
    let parts: Chunks
    let placeChunks: Chunks

    /// - Parameter mostParts: At most so many parts of the rows.
    init(rows: Int, places: Int, columns: Int, mostParts: Int = GradientSums.mostParts) {
      self.rows = rows
      self.places = places
      self.columns = columns
      let blocks = (columns + PackedMatrix.blockColumns - 1) / PackedMatrix.blockColumns
      let wanted = ChunkGoal.count(
        flops: 2 * Double(rows) * Double(places) * Double(columns), most: 64)
      // Every part of the places packs dz again: not too few of them.
      let pieces = max(1, min((wanted + blocks - 1) / blocks, places / 48))
      let parts = min(
        mostParts, Self.partCount(rows: rows, places: places, columns: columns))
      self.parts = Chunks(of: rows, size: max(1, (rows + parts - 1) / parts))
      let size = (places + pieces - 1) / pieces
      placeChunks = Chunks(of: places, size: max(1, parts > 1 ? places : size))
    }

    /// Parts of the rows: as many as give 32 chunks, of at least 256 rows.
    private static func partCount(rows: Int, places: Int, columns: Int) -> Int {
      let blocks = (columns + PackedMatrix.blockColumns - 1) / PackedMatrix.blockColumns
      let available = blocks * max(1, places / 48)
      return available >= 16 ? 1 : max(1, min(GradientSums.mostParts, rows / 256, 32 / available))
    }

    var blocks: Chunks { Chunks(of: columns, size: PackedMatrix.blockColumns) }
  }

  /// Floats that one worker needs: a block of dz, packed.
  static let workerScratch = NK_REDUCTION_DEPTH * PackedMatrix.blockColumns

  private var blocks: Chunks { shape.blocks }

  // No rows are one part, too: it writes zeros.
  var chunkCount: Int { max(1, shape.parts.count) * shape.placeChunks.count * blocks.count }

  func run(chunk: Int, worker: Int) {
    let part = chunk / (shape.placeChunks.count * blocks.count)
    let rest = chunk % (shape.placeChunks.count * blocks.count)
    let column = blocks.start(rest % blocks.count)
    let columns = blocks.length(rest % blocks.count)
    let firstPlace = shape.placeChunks.start(rest / blocks.count)
    let places = shape.placeChunks.length(rest / blocks.count)
    let target = sums.weights(part) + firstPlace * rowStep + firstColumn + column
    let bias = firstPlace == 0 ? sums.bias(part).map { $0 + firstColumn + column } : nil
    let packed = scratch + worker * Self.workerScratch
    let isPacked = nk_is_packed(columns) && rowStep == columns
    let end = shape.parts.start(part) + shape.parts.length(part)
    var (aRows, dzRows) = (aRows, nk_walk.rows(step: rowStep))
    let block = dz + firstColumn + column
    var row = shape.parts.start(part)
    var adds = sums.addsFirst
    repeat {
      let count = min(NK_REDUCTION_DEPTH, end - row)
      let gradients = block + row * rowStep
      if !isPacked { nk_pack_rows(count, &dzRows, row, block, columns, count, 0, packed) }
      nk_tile_reduction(
        row, count, a, &aRows, runCount, runs, firstPlace, places,
        isPacked ? gradients : UnsafePointer(packed), columns, target, rowStep, adds)
      if let bias { nk_column_sums(gradients, rowStep, count, columns, adds, bias) }
      row += count
      adds = true
    } while row < end
  }
}
