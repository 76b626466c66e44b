internal import CKernels
package import Threads

/// Moving elements: permutations, parts, frames, joins, rows of tables.
package enum Copying {
  /// target = source in the places of the geometry, or += with `accumulate`.
  package static func copy(
    _ geometry: CopyGeometry, source: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>,
    accumulate: Bool = false, team: WorkerTeam
  ) {
    team.run(
      StridedCopy(
        plan: geometry.plan, source: source + geometry.sourceOffset,
        target: target + geometry.targetOffset, accumulate: accumulate))
  }

  /// y = x with a frame of `value`: the geometry is a padding.
  ///
  /// - Parameter outputCount: Elements of `y`.
  package static func pad(
    _ geometry: CopyGeometry, outputCount: Int, value: Float, x: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    Elementwise.fill(count: outputCount, with: value, y, team: team)
    copy(geometry, source: x, target: y, team: team)
  }

  /// Copies `rows` rows of `width` elements that lie `sourceStride` and `targetStride` apart, or
  /// adds them with `accumulate`.
  ///
  /// Joining arrays along an axis is one call an array: `rows` is the product of the dimensions
  /// before the axis, `width` that of the others, and the target begins where the array does in a
  /// row of the joined one. Splitting, and the gradient of joining, go the other way.
  package static func copyRows(
    rows: Int, width: Int, source: UnsafePointer<Float>, sourceStride: Int,
    target: UnsafeMutablePointer<Float>, targetStride: Int, accumulate: Bool = false,
    team: WorkerTeam
  ) {
    var plan = nk_strided()
    plan.rank = 2
    plan.set(0, rows, sourceStride, targetStride)
    plan.set(1, width, 1, 1)
    team.run(StridedCopy(plan: plan, source: source, target: target, accumulate: accumulate))
  }

  /// y[i] = row `indices[i]` of the table; NaN where there is no such row.
  package static func gatherRows(
    count: Int, columns: Int, table: UnsafePointer<Float>, tableRows: Int,
    indices: UnsafePointer<Int32>, y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      GatherRows(
        chunks: Chunks(rows: count, columns: columns), columns: columns, table: table,
        tableRows: tableRows, indices: indices, y: y))
  }

  /// Adds dy[i] to row `indices[i]` of the gradient of the table, in the order of i; an index
  /// without a row adds nothing.
  package static func scatterAddRows(
    count: Int, columns: Int, dy: UnsafePointer<Float>, indices: UnsafePointer<Int32>,
    tableRows: Int, gradient: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      ScatterRows(
        chunks: Chunks(of: columns, size: 64), count: count, columns: columns, dy: dy,
        indices: indices, tableRows: tableRows, gradient: gradient))
  }
}

private struct StridedCopy: ParallelTask {
  let plan: nk_strided
  let source: UnsafePointer<Float>
  let target: UnsafeMutablePointer<Float>
  let accumulate: Bool
  /// Parts of rows.
  let columns: Chunks
  /// Groups of rows, of a multiple of 16 where rows are short: transpositions go by tiles.
  let rows: Chunks

  init(
    plan: nk_strided, source: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>,
    accumulate: Bool
  ) {
    self.plan = plan
    self.source = source
    self.target = target
    self.accumulate = accumulate
    let last = Int(plan.rank) - 1
    let width = plan.extentOf(last)
    var count = width == 0 ? 0 : 1
    for d in 0..<last { count *= plan.extentOf(d) }
    columns = Chunks(of: width)
    rows = Chunks(of: count, size: (Chunks.elements / max(1, width) + 16) / 16 * 16)
  }

  var chunkCount: Int { rows.count * columns.count }

  func run(chunk: Int, worker: Int) {
    let (rowChunk, columnChunk) = chunk.quotientAndRemainder(dividingBy: columns.count)
    let row = rows.start(rowChunk)
    let column = columns.start(columnChunk)
    withUnsafePointer(to: plan) { plan in
      nk_copy_strided(
        plan, row, row + rows.length(rowChunk), column, column + columns.length(columnChunk),
        source, target, accumulate)
    }
  }
}

private struct GatherRows: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let table: UnsafePointer<Float>
  let tableRows: Int
  let indices: UnsafePointer<Int32>
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let row = chunks.start(chunk)
    nk_gather_rows(
      chunks.length(chunk), columns, table, tableRows, indices + row, y + row * columns)
  }
}

private struct ScatterRows: ParallelTask {
  /// Of columns: two rows may go to one place, so rows stay in one chunk.
  let chunks: Chunks
  let count: Int
  let columns: Int
  let dy: UnsafePointer<Float>
  let indices: UnsafePointer<Int32>
  let tableRows: Int
  let gradient: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_scatter_add_rows(
      count, columns, start, start + chunks.length(chunk), dy, indices, tableRows, gradient)
  }
}
