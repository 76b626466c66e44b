internal import CKernels
internal import Threads

/// dW = aᵀ · dz and db = Σ dz: sums over rows, which may be the pixels of images.
///
/// Cut into parts of the rows (whose sums lie apart until ``PartialSums`` adds them), parts of the
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
  let sums: Sums

  /// The sizes and the cutting.
  struct Shape {
    let rows: Int
    let places: Int
    let columns: Int
    let parts: Chunks
    let placeChunks: Chunks

    init(rows: Int, places: Int, columns: Int) {
      self.rows = rows
      self.places = places
      self.columns = columns
      let blocks = (columns + PackedMatrix.blockColumns - 1) / PackedMatrix.blockColumns
      let wanted = ChunkGoal.count(
        flops: 2 * Double(rows) * Double(places) * Double(columns), most: 64)
      // Every part of the places packs dz again: not too few of them.
      let pieces = max(1, min((wanted + blocks - 1) / blocks, places / 48))
      let parts = Self.partCount(rows: rows, places: places, columns: columns)
      self.parts = Chunks(of: rows, size: max(1, (rows + parts - 1) / parts))
      let size = (places + pieces - 1) / pieces
      placeChunks = Chunks(of: places, size: max(1, parts > 1 ? places : size))
    }

    /// Parts of the rows: as many as give 32 chunks, at most 16, of at least 256 rows.
    static func partCount(rows: Int, places: Int, columns: Int) -> Int {
      let blocks = (columns + PackedMatrix.blockColumns - 1) / PackedMatrix.blockColumns
      let available = blocks * max(1, places / 48)
      return available >= 16 ? 1 : max(1, min(16, rows / 256, 32 / available))
    }

    var blocks: Chunks { Chunks(of: columns, size: PackedMatrix.blockColumns) }

    /// The floats of scratch memory of ``Sums``; enough for fewer rows, too.
    func scratchCount(weightCount: Int, biasCount: Int, threadCount: Int) -> Int {
      let stride = PartialSums.stride(weightCount: weightCount, biasCount: biasCount)
      return threadCount * TileReduction.workerScratch + (parts.count > 1 ? parts.count * stride : 0)
    }
  }

  /// Floats that one worker needs: a block of dz, packed.
  static let workerScratch = NK_REDUCTION_DEPTH * PackedMatrix.blockColumns

  /// Where sums go: to the gradients themselves, or to places apart that ``combine(team:)`` adds up.
  struct Sums {
    let parts: Int
    let weightCount: Int
    let biasCount: Int
    let dWeights: UnsafeMutablePointer<Float>
    let dBias: UnsafeMutablePointer<Float>?
    let accumulate: Bool
    /// `workerScratch` floats for each worker, then the parts.
    let scratch: UnsafeMutablePointer<Float>
    let threadCount: Int

    var stride: Int { PartialSums.stride(weightCount: weightCount, biasCount: biasCount) }
    private var partials: UnsafeMutablePointer<Float> {
      scratch + threadCount * TileReduction.workerScratch
    }

    func weights(_ part: Int) -> UnsafeMutablePointer<Float> {
      parts > 1 ? partials + part * stride : dWeights
    }

    func bias(_ part: Int) -> UnsafeMutablePointer<Float>? {
      guard dBias != nil && parts > 1 else { return dBias }
      return partials + part * stride + roundedToLine(weightCount)
    }

    func combine(team: WorkerTeam) {
      guard parts > 1 else { return }
      team.run(
        PartialSums(
          partials: partials, parts: parts, weightCount: weightCount, biasCount: biasCount,
          weights: dWeights, bias: dBias, accumulate: accumulate))
    }
  }

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
    let packed = sums.scratch + worker * Self.workerScratch
    let isPacked = nk_is_packed(columns) && rowStep == columns
    let end = shape.parts.start(part) + shape.parts.length(part)
    var (aRows, dzRows) = (aRows, nk_walk.rows(step: rowStep))
    let block = dz + firstColumn + column
    var row = shape.parts.start(part)
    var adds = sums.parts == 1 && sums.accumulate
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
