internal import CKernels
package import Threads

/// Softmax along the last axis, exp(xᵢ) / Σ exp(xⱼ), computed from xᵢ − max x so that no argument
/// overflows.
package enum Softmax {
  /// y = softmax(x) in every row, where `y` may be `x`.
  package static func forward(
    rows: Int, columns: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    team.run(
      SoftmaxForward(
        chunks: Chunks(rows: rows, columns: columns), columns: columns, x: x, y: y,
        logarithm: false))
  }

  /// dx = y · (dy − Σ y dy), or dx += with `accumulate`; `dx` may be `dy`.
  package static func backward(
    rows: Int, columns: Int, y: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      SoftmaxBackward(
        chunks: Chunks(rows: rows, columns: columns), columns: columns, y: y, dy: dy, dx: dx,
        logarithm: false, accumulate: accumulate))
  }

  /// y = log softmax(x) in every row, where `y` may be `x`.
  package static func logForward(
    rows: Int, columns: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    team.run(
      SoftmaxForward(
        chunks: Chunks(rows: rows, columns: columns), columns: columns, x: x, y: y,
        logarithm: true))
  }

  /// dx = dy − eʸ Σ dy, or dx += with `accumulate`; `dx` may be `dy`.
  package static func logBackward(
    rows: Int, columns: Int, y: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      SoftmaxBackward(
        chunks: Chunks(rows: rows, columns: columns), columns: columns, y: y, dy: dy, dx: dx,
        logarithm: true, accumulate: accumulate))
  }
}

private struct SoftmaxForward: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let logarithm: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk) * columns
    nk_softmax(chunks.length(chunk), columns, x + start, y + start, logarithm)
  }
}

private struct SoftmaxBackward: ParallelTask {
  let chunks: Chunks
  let columns: Int
  let y: UnsafePointer<Float>
  let dy: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let logarithm: Bool
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk) * columns
    nk_softmax_backward(
      chunks.length(chunk), columns, y + start, dy + start, dx + start, logarithm, accumulate)
  }
}
