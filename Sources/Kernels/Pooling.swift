internal import CKernels
package import Threads

/// Pooling of images.
package enum Pooling {
  /// y = the largest element of each window.
  ///
  /// Of equal elements the first in row-major order counts. NaN is larger than anything; of several
  /// the last counts. Places in the padding never count.
  ///
  /// - Parameter indices: As many as y; where in its window each element was, for the backward pass.
  package static func maximumForward(
    _ geometry: PoolingGeometry, batch: Int, x: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<UInt8>, team: WorkerTeam
  ) {
    team.run(
      MaximumForward(
        window: geometry.window, lines: geometry.outputLines(batch: batch), x: x, y: y,
        indices: indices))
  }

  /// dx = the gradients of the windows that took their element here, or += with `accumulate`.
  package static func maximumBackward(
    _ geometry: PoolingGeometry, batch: Int, dy: UnsafePointer<Float>,
    indices: UnsafePointer<UInt8>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    team.run(
      MaximumBackward(
        window: geometry.window, lines: geometry.inputLines(batch: batch), dy: dy,
        indices: indices, dx: dx, accumulate: accumulate))
  }

  /// y = the mean of each window; places in the padding do not count, as in TensorFlow.
  package static func averageForward(
    _ geometry: PoolingGeometry, batch: Int, x: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      AverageForward(
        window: geometry.window, lines: geometry.outputLines(batch: batch), x: x, y: y))
  }

  /// dx = the shares of the gradients of the windows that see a pixel, or += with `accumulate`.
  package static func averageBackward(
    _ geometry: PoolingGeometry, batch: Int, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      AverageBackward(
        window: geometry.window, lines: geometry.inputLines(batch: batch), dy: dy, dx: dx,
        accumulate: accumulate))
  }
}

private struct MaximumForward: ParallelTask {
  let window: nk_window
  let lines: Chunks
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let indices: UnsafeMutablePointer<UInt8>

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: window) {
      nk_max_pool_forward($0, x, lines.start(chunk), lines.length(chunk), y, indices)
    }
  }
}

private struct MaximumBackward: ParallelTask {
  let window: nk_window
  let lines: Chunks
  let dy: UnsafePointer<Float>
  let indices: UnsafePointer<UInt8>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: window) {
      nk_max_pool_backward(
        $0, dy, indices, lines.start(chunk), lines.length(chunk), accumulate, dx)
    }
  }
}

private struct AverageForward: ParallelTask {
  let window: nk_window
  let lines: Chunks
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: window) {
      nk_average_pool_forward($0, x, lines.start(chunk), lines.length(chunk), y)
    }
  }
}

private struct AverageBackward: ParallelTask {
  let window: nk_window
  let lines: Chunks
  let dy: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: window) {
      nk_average_pool_backward($0, dy, lines.start(chunk), lines.length(chunk), accumulate, dx)
    }
  }
}
