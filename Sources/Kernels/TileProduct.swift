internal import CKernels
internal import Threads

/// c = f(a · b + bias + addend), with b packed: rows of `a` may be the pixels of images.
///
/// Cut into parts of the rows and blocks of columns by shape alone.
struct TileProduct: ParallelTask {
  let rows: Int
  let matrix: PackedMatrix
  var a: UnsafePointer<Float>
  let aRows: nk_walk
  /// The terms of a row: `matrix.depth` floats in all.
  let runs: UnsafePointer<nk_run>?
  let runCount: Int
  let packed: UnsafePointer<Float>
  let c: UnsafeMutablePointer<Float>
  let cRows: nk_walk
  let bias: UnsafePointer<Float>?
  /// Lies as c does; may be c.
  let addend: UnsafePointer<Float>?
  let function: ElementwiseFunction
  let parameter: Float
  /// Those of the result, and the column of their matrix where `c` begins; only with the identity or
  /// relu.
  let moments: (of: ColumnMoments, firstColumn: Int)?
  let cut: Cut

  init(
    rows: Int, matrix: PackedMatrix, a: UnsafePointer<Float>, aRows: nk_walk,
    runs: UnsafePointer<nk_run>?, runCount: Int, packed: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>, cRows: nk_walk, bias: UnsafePointer<Float>? = nil,
    addend: UnsafePointer<Float>? = nil, function: ElementwiseFunction = .identity,
    parameter: Float = 0, moments: (of: ColumnMoments, firstColumn: Int)? = nil
  ) {
    self.rows = rows
    self.matrix = matrix
    self.a = a
    self.aRows = aRows
    self.runs = runs
    self.runCount = runCount
    self.packed = packed
    self.c = c
    self.cRows = cRows
    self.bias = bias
    self.addend = addend
    self.function = function
    self.parameter = parameter
    self.moments = moments
    cut = Cut(rows: rows, matrix: matrix)
  }

  /// How a product is cut into chunks.
  struct Cut {
    let rowChunks: Chunks
    let blocksOfChunk: Int

    /// Some microseconds each; many for many threads, not so many that their number costs.
    init(rows: Int, matrix: PackedMatrix) {
      let wanted = ChunkGoal.count(
        flops: 2 * Double(rows) * Double(matrix.depth) * Double(matrix.columns), most: Self.most)
      let blocks = matrix.blocks.count
      if rows >= wanted * Self.goodRows || blocks == 0 {
        rowChunks = Chunks(of: rows, size: max(1, (rows + wanted - 1) / wanted))
        blocksOfChunk = max(1, blocks)
      } else {
        let parts = max(1, min((wanted + blocks - 1) / blocks, rows / Self.leastRows))
        rowChunks = Chunks(of: rows, size: max(1, (rows + parts - 1) / parts))
        blocksOfChunk = 1
      }
    }

    /// The most chunks of rows of up to so many.
    static func mostRowChunks(rows: Int, matrix: PackedMatrix) -> Int {
      let blocks = max(1, matrix.blocks.count)
      return max(
        1, min(most, rows / goodRows), min((most + blocks - 1) / blocks, rows / leastRows))
    }

    private static let most = 128
    // Rows that make up for the reading of b, and those that do so barely.
    private static let goodRows = 42
    private static let leastRows = 12
  }

  var chunkCount: Int {
    let columnChunks = (matrix.blocks.count + cut.blocksOfChunk - 1) / cut.blocksOfChunk
    return cut.rowChunks.count * columnChunks
  }

  func run(chunk: Int, worker: Int) {
    // Blocks of columns change slowest: threads that run together read the same block of b.
    let part = chunk % cut.rowChunks.count
    let first = cut.rowChunks.start(part)
    let count = cut.rowChunks.length(part)
    let firstBlock = chunk / cut.rowChunks.count * cut.blocksOfChunk
    for block in firstBlock..<min(firstBlock + cut.blocksOfChunk, matrix.blocks.count) {
      multiply(rows: first..<first + count, block: block)
      takeMoments(part: part, blocks: block..<block + 1)
    }
  }

  /// Takes the moments of some blocks of columns of a chunk of rows, where they are wanted.
  func takeMoments(part: Int, blocks: Range<Int>) {
    guard let moments else { return }
    for block in blocks {
      let column = moments.firstColumn + matrix.blocks.start(block)
      moments.of.take(part: part, columns: column..<column + matrix.blocks.length(block))
    }
  }

  /// Computes a block of columns of some rows.
  func multiply(rows: Range<Int>, block: Int) {
    let (column, columns) = (matrix.blocks.start(block), matrix.blocks.length(block))
    var (aRows, cRows, finish) = (aRows, cRows, finish(column: column))
    nk_tile_product(
      rows.lowerBound, rows.count, a, &aRows, runCount, runs, packed + matrix.offset(block),
      columns, c + column, &cRows, &finish)
    activate(rows: rows, column: column, columns: columns)
  }

  /// What happens to sums from a column on before they are stored.
  func finish(column: Int) -> nk_tile_finish {
    nk_tile_finish(
      addend: addend.map { $0 + column }, relu: function == .relu,
      bias: bias.map { $0 + column })
  }

  /// Applies a function other than relu to sums that are stored.
  func activate(rows: Range<Int>, column: Int, columns: Int) {
    guard function != .relu && function != .identity else { return }
    // Only dense results have such a function: their rows follow one another.
    nk_bias_activate(
      c + column + rows.lowerBound * cRows.inner_step, cRows.inner_step, rows.count, columns, nil,
      function.rawValue, parameter)
  }
}

/// How finely work is cut.
enum ChunkGoal {
  /// Floating-point operations of one chunk that outweigh its start: some microseconds.
  private static let smallest = 5e5

  /// A number of chunks for so much work: at least one, at most `most`.
  static func count(flops: Double, most: Int) -> Int {
    max(1, Int(min(Double(most), flops / smallest)))
  }
}
