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
  /// The places of a row.
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
  ///
  /// A chunk has as many places and columns as keep it busy with what it reads, and its sums in a
  /// second-level cache; where these are few chunks, the rows are cut too.
  struct Shape {
    let rows: Int
    let places: Int
    let columns: Int
    let parts: Chunks
    let placeChunks: Chunks
    let columnChunks: Chunks

    /// - Parameter mostParts: At most so many parts of the rows.
    init(rows: Int, places: Int, columns: Int, mostParts: Int = GradientSums.mostParts) {
      self.rows = rows
      self.places = places
      self.columns = columns
      placeChunks = Chunks(of: places, limit: Self.mostPlaces)
      columnChunks = Chunks(of: columns, size: TileReduction.mostColumns)
      let wanted = ChunkGoal.count(
        flops: 2 * Double(rows) * Double(places) * Double(columns), most: 24)
      let pieces = max(1, placeChunks.count * columnChunks.count)
      let parts = min(
        mostParts, max(1, rows / Self.leastRows), (wanted + pieces - 1) / pieces)
      self.parts = Chunks(of: rows, size: max(1, (rows + parts - 1) / parts))
    }

    /// Two blocks of places.
    private static let mostPlaces = 2 * Int(NK_REDUCTION_PLACES)
    /// Rows that make up for the sums of a part.
    private static let leastRows = 256
  }

  /// Columns of a chunk: two panels of the widest tiles.
  static let mostColumns = 128
  /// Floats that one worker needs: a block of dz, packed.
  static let workerScratch = NK_REDUCTION_DEPTH * mostColumns

  // No rows are one part, too: it writes zeros.
  var chunkCount: Int {
    max(1, shape.parts.count) * shape.placeChunks.count * shape.columnChunks.count
  }

  func run(chunk: Int, worker: Int) {
    let columnChunks = shape.columnChunks
    let part = chunk / (shape.placeChunks.count * columnChunks.count)
    let rest = chunk % (shape.placeChunks.count * columnChunks.count)
    let column = columnChunks.start(rest % columnChunks.count)
    let columns = columnChunks.length(rest % columnChunks.count)
    let firstPlace = shape.placeChunks.start(rest / columnChunks.count)
    let places = shape.placeChunks.length(rest / columnChunks.count)
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
      var ahead = nk_ahead(
        rows: min(NK_REDUCTION_DEPTH, end - row - count), b: gradients + count * rowStep,
        b_row: rowStep)
      nk_tile_reduction(
        row, count, a, &aRows, runCount, runs, firstPlace, places,
        isPacked ? gradients : UnsafePointer(packed), columns, target, rowStep, adds, &ahead)
      if let bias { nk_column_sums(gradients, rowStep, count, columns, adds, bias) }
      row += count
      adds = true
    } while row < end
  }
}
