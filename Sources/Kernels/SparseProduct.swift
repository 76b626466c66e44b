internal import CKernels
internal import Threads

/// A ``TileProduct`` without the terms whose factor in `a` is zero: where these are many, as behind a relu.
///
/// The bits are the same, but for what docs/decisions/0018 says of zeros and of what is not finite.
/// The rows of `a` and of the result lie in equal steps.
struct SparseProduct: ParallelTask {
  private let product: TileProduct
  private let isTransposed: Bool
  /// As many floats as ``scratchCount(depth:threadCount:)`` says, at a multiple of eight bytes.
  private let scratch: UnsafeMutablePointer<Float>
  private let rowChunks: Chunks
  /// The blocks of columns that are computed together; a narrow last one by itself, and by tiles.
  private let strips: Chunks
  private let columnChunks: Chunks

  /// - Parameter isTransposed: Whether the sums of a row become a column of the result, whose rows are
  ///   the steps of `product` apart. Only for what ``isTransposable(columns:)`` says, without bias and
  ///   function, and with no other addend than the result.
  init(
    _ product: TileProduct, isTransposed: Bool = false, scratch: UnsafeMutablePointer<Float>
  ) {
    if isTransposed {
      precondition(Self.isTransposable(columns: product.matrix.columns))
      precondition(product.bias == nil && product.function == .identity)
      precondition(product.addend == nil || product.addend == UnsafePointer(product.c))
    }
    self.product = product
    self.isTransposed = isTransposed
    self.scratch = scratch
    rowChunks =
      product.moments == nil
      ? Chunks(of: product.rows, limit: Int(NK_SPARSE_ROWS)) : product.cut.rowChunks
    strips = Chunks(
      of: product.matrix.columns / PackedMatrix.blockColumns, size: Self.blocksOfStrip)
    let isRagged = product.matrix.columns % PackedMatrix.blockColumns != 0
    let wanted = max(1, Self.wantedChunks / max(1, rowChunks.count))
    let count = strips.count + (isRagged ? 1 : 0)
    columnChunks = Chunks(of: count, limit: (count + wanted - 1) / wanted)
  }

  private static let blocksOfStrip = 2
  /// Columns are cut where the rows are fewer chunks; each chunk looks for zeros again.
  private static let wantedChunks = 16

  var chunkCount: Int { rowChunks.count * columnChunks.count }

  func run(chunk: Int, worker: Int) {
    // Columns change slowest: threads share few columns of the matrix.
    let part = chunk % rowChunks.count
    let columnChunk = chunk / rowChunks.count
    let first = columnChunks.start(columnChunk)
    let strips = first..<first + columnChunks.length(columnChunk)
    let rows = Chunks(of: rowChunks.length(part), limit: Int(NK_SPARSE_ROWS))
    for index in 0..<rows.count {
      let start = rowChunks.start(part) + rows.start(index)
      multiply(rows: start..<start + rows.length(index), strips: strips, worker: worker)
    }
    product.takeMoments(part: part, blocks: blocks(strips))
  }

  /// The blocks of columns of some strips, the narrow last one included.
  private func blocks(_ range: Range<Int>) -> Range<Int> {
    func blocksBefore(_ strip: Int) -> Int { min(strips.total, strip * strips.size) }
    let end = blocksBefore(range.upperBound)
    return blocksBefore(range.lowerBound)..<(range.upperBound > strips.count ? end + 1 : end)
  }

  private func multiply(rows: Range<Int>, strips range: Range<Int>, worker: Int) {
    let masks = UnsafeMutableRawPointer(
      scratch + worker * Self.workerScratch(depth: product.matrix.depth)
    ).assumingMemoryBound(to: UInt64.self)
    let step = product.aRows.inner_step
    nk_nonzero_masks(
      rows.count, product.a + rows.lowerBound * step, step, product.matrix.depth, masks)
    for strip in range {
      if strip < strips.count {
        multiply(rows: rows, masks: masks, strip: strip)
      } else {
        product.multiply(rows: rows, block: strips.total)
      }
    }
  }

  private func multiply(rows: Range<Int>, masks: UnsafePointer<UInt64>, strip: Int) {
    let (matrix, block, blocks) = (product.matrix, strips.start(strip), strips.length(strip))
    let column = matrix.blocks.start(block)
    let (aStep, cStep) = (product.aRows.inner_step, product.cRows.inner_step)
    if isTransposed {
      nk_sparse_product_transposed(
        rows.count, product.a + rows.lowerBound * aStep, aStep, matrix.depth, masks,
        product.packed + matrix.offset(block), blocks,
        product.c + column * cStep + rows.lowerBound, cStep, product.addend != nil)
      return
    }
    var finish = product.finish(column: column)
    if let addend = finish.addend { finish.addend = addend + rows.lowerBound * cStep }
    nk_sparse_product(
      rows.count, product.a + rows.lowerBound * aStep, aStep, matrix.depth, masks,
      product.packed + matrix.offset(block), blocks,
      product.c + rows.lowerBound * cStep + column, cStep, &finish)
    product.activate(
      rows: rows, column: column, columns: blocks * PackedMatrix.blockColumns)
  }

  // MARK: Where it is used

  /// Whether so many elements of `a` are zero that leaving them out saves more than it takes.
  ///
  /// A look at some of them decides: results are the same either way.
  ///
  /// - Parameters:
  ///   - depth: The elements of a row.
  ///   - columns: Those of the matrix.
  ///   - mostNonzero: The largest share of elements that are not zero.
  static func pays(
    rows: Int, depth: Int, columns: Int, a: UnsafePointer<Float>, rowStep: Int,
    mostNonzero: Double = 2.0 / 3
  ) -> Bool {
    guard rows > 0, mayPay(depth: depth, columns: columns) else { return false }
    // Some from all rows and all places: images are zero at their borders first.
    let (samples, groups) = (16, maskCount(depth: depth))
    var (nonzero, all) = (0, 0)
    for sample in 0..<samples {
      let start = sample * max(samples, groups) / samples % groups * Int(NK_MASK_BITS)
      let length = min(Int(NK_MASK_BITS), depth - start)
      var mask: UInt64 = 0
      nk_nonzero_masks(1, a + sample * rows / samples * rowStep + start, 0, length, &mask)
      nonzero += mask.nonzeroBitCount
      all += length
    }
    return Double(nonzero) <= mostNonzero * Double(all)
  }

  /// False where ``pays(rows:depth:columns:a:rowStep:mostNonzero:)`` is, whatever the elements: shorter rows and
  /// narrower matrices take too little time to save some of it.
  static func mayPay(depth: Int, columns: Int) -> Bool { depth >= 64 && columns >= 128 }

  /// Whether a matrix is of whole blocks of columns.
  static func isTransposable(columns: Int) -> Bool {
    columns % PackedMatrix.blockColumns == 0
  }

  /// The floats of scratch memory.
  static func scratchCount(depth: Int, threadCount: Int) -> Int {
    threadCount * workerScratch(depth: depth)
  }

  /// Floats of the masks of a chunk's rows, each as long as two of them.
  private static func workerScratch(depth: Int) -> Int {
    2 * Int(NK_SPARSE_ROWS) * maskCount(depth: depth)
  }

  private static func maskCount(depth: Int) -> Int {
    (depth + Int(NK_MASK_BITS) - 1) / Int(NK_MASK_BITS)
  }
}
