internal import CKernels
package import Threads

/// Sums, extremes and counts.
///
/// The order of additions follows from the shapes alone. Sums are cut into short ones that are
/// added in a tree, so that few digits are lost.
package enum Reductions {
  /// Floats of scratch memory of the reductions of `count` elements to one number.
  package static func scratchCount(count: Int) -> Int { Chunks(of: count).count }

  /// result = Σ x.
  package static func sum(
    count: Int, x: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Partials(kind: .sum, chunks: Chunks(of: count), x: x, partials: scratch))
    result.pointee = TreeSums.total(scratch, count: Chunks(of: count).count)
  }

  /// result = Σ x / count.
  package static func mean(
    count: Int, x: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    sum(count: count, x: x, result: result, scratch: scratch, team: team)
    result.pointee /= Float(count)
  }

  /// result = Σ x².
  package static func sumOfSquares(
    count: Int, x: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Partials(kind: .sumOfSquares, chunks: Chunks(of: count), x: x, partials: scratch))
    result.pointee = TreeSums.total(scratch, count: Chunks(of: count).count)
  }

  /// result = max |x|: 0 of no element, NaN if any is NaN.
  package static func maximumAbsolute(
    count: Int, x: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Partials(kind: .maximumAbsolute, chunks: Chunks(of: count), x: x, partials: scratch))
    result.pointee = nk_maximum_absolute(Chunks(of: count).count, scratch)
  }

  /// How many elements are infinite or NaN.
  package static func countNonFinite(
    count: Int, x: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) -> Int {
    team.run(Partials(kind: .nonFinite, chunks: Chunks(of: count), x: x, partials: scratch))
    var found = 0
    for chunk in 0..<Chunks(of: count).count { found += Int(scratch[chunk]) }
    return found
  }

  /// The column of every row's largest element: the first of equal ones; the first NaN, if any,
  /// counts as the largest.
  package static func argmaxRows(
    rows: Int, columns: Int, x: UnsafePointer<Float>, indices: UnsafeMutablePointer<Int32>,
    team: WorkerTeam
  ) {
    precondition(columns >= 1)
    team.run(
      ArgmaxRows(
        chunks: Chunks(rows: rows, columns: columns), columns: columns, x: x, indices: indices))
  }

  /// Floats of scratch memory for ``sumRows(rows:columns:x:into:accumulate:scratch:team:)``.
  package static func sumRowsScratchCount(rows: Int, columns: Int) -> Int {
    let cut = ColumnCut(rows: rows, columns: columns)
    return cut.rows.count > 1 ? cut.rows.count * columns : 0
  }

  /// sums[c] = Σ over rows of x[r, c], or += with `accumulate`: the gradient of a bias.
  ///
  /// - Parameter scratch: May be nil where the count is zero.
  package static func sumRows(
    rows: Int, columns: Int, x: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>,
    accumulate: Bool, scratch: UnsafeMutablePointer<Float>?, team: WorkerTeam
  ) {
    let cut = ColumnCut(rows: rows, columns: columns)
    if cut.rows.count == 0 {
      if !accumulate { nk_fill(columns, 0, sums) }
      return
    }
    var task = ColumnSums(
      cut: cut, columns: columns, x: x, sums: sums, accumulate: accumulate)
    if cut.rows.count == 1 {
      team.run(task)
      return
    }
    guard let scratch else { preconditionFailure("scratch memory is missing") }
    task.sums = scratch
    task.accumulate = false
    team.run(task)
    TreeSums.combine(
      count: cut.rows.count, width: columns, partials: scratch, into: sums,
      accumulate: accumulate, team: team)
  }
}

private struct Partials: ParallelTask {
  enum Kind {
    case sum
    case sumOfSquares
    case maximumAbsolute
    case nonFinite
  }

  let kind: Kind
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let partials: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let base = x + chunks.start(chunk)
    let length = chunks.length(chunk)
    switch kind {
    case .sum: partials[chunk] = nk_sum(length, base)
    case .sumOfSquares: partials[chunk] = nk_sum_of_squares(length, base)
    case .maximumAbsolute: partials[chunk] = nk_maximum_absolute(length, base)
    case .nonFinite: partials[chunk] = Float(nk_count_nonfinite(length, base))
    }
  }
}

private struct ArgmaxRows: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let x: UnsafePointer<Float>
  let indices: UnsafeMutablePointer<Int32>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let row = chunks.start(chunk)
    nk_row_argmax(chunks.length(chunk), columns, x + row * columns, indices + row)
  }
}

/// The cutting of a matrix for sums of columns: blocks of columns, so that a chunk's rows are many
/// even where the matrix is wide and there are few partial sums to combine.
private struct ColumnCut {
  let rows: Chunks
  let columns: Chunks

  init(rows: Int, columns: Int) {
    self.columns = Chunks(of: columns, size: 1024)
    self.rows = Chunks(
      of: columns == 0 ? 0 : rows, size: 4 * Chunks.elements / max(1, min(columns, 1024)))
  }
}

private struct ColumnSums: ParallelTask {
  let cut: ColumnCut
  let columns: Int
  let x: UnsafePointer<Float>
  var sums: UnsafeMutablePointer<Float>
  var accumulate: Bool

  var chunkCount: Int { cut.rows.count * cut.columns.count }

  func run(chunk: Int, worker: Int) {
    let (rowChunk, columnChunk) = chunk.quotientAndRemainder(dividingBy: cut.columns.count)
    let row = cut.rows.start(rowChunk)
    let column = cut.columns.start(columnChunk)
    nk_column_sums(
      x + row * columns + column, columns, cut.rows.length(rowChunk),
      cut.columns.length(columnChunk), accumulate, sums + rowChunk * columns + column)
  }
}
