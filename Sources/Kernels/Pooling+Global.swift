internal import CKernels
package import Threads

// x is [batch, pixels, channels], y [batch, channels]. A chunk is one image or several small ones.

extension Pooling {
  /// y = the mean over all pixels of an image.
  package static func globalAverageForward(
    batch: Int, pixels: Int, channels: Int, x: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      GlobalAverageForward(
        images: Chunks(rows: batch, columns: pixels * channels), pixels: pixels,
        channels: channels, x: x, y: y))
  }

  /// dx = dy / pixels at every pixel, or += with `accumulate`.
  package static func globalAverageBackward(
    batch: Int, pixels: Int, channels: Int, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      GlobalAverageBackward(
        images: Chunks(rows: batch, columns: pixels * channels), pixels: pixels,
        channels: channels, dy: dy, dx: dx, accumulate: accumulate))
  }

  /// y = the largest element over all pixels of an image, indices = its pixel.
  ///
  /// Ties and NaN as in ``maximumForward(_:batch:x:y:indices:team:)``. Fewer than 2³¹ pixels.
  package static func globalMaximumForward(
    batch: Int, pixels: Int, channels: Int, x: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<Int32>, team: WorkerTeam
  ) {
    precondition(pixels > 0 && pixels < 1 << 31)
    team.run(
      GlobalMaximumForward(
        images: Chunks(rows: batch, columns: pixels * channels), pixels: pixels,
        channels: channels, x: x, y: y, indices: indices))
  }

  /// dx = dy at the pixel of the maximum and 0 elsewhere, or += with `accumulate`.
  package static func globalMaximumBackward(
    batch: Int, pixels: Int, channels: Int, dy: UnsafePointer<Float>,
    indices: UnsafePointer<Int32>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    team.run(
      GlobalMaximumBackward(
        images: Chunks(rows: batch, columns: pixels * channels), pixels: pixels,
        channels: channels, dy: dy, indices: indices, dx: dx, accumulate: accumulate))
  }
}

private struct GlobalAverageForward: ParallelTask {
  let images: Chunks
  let pixels: Int
  let channels: Int
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { images.count }

  func run(chunk: Int, worker: Int) {
    for image in images.start(chunk)..<images.start(chunk) + images.length(chunk) {
      let to = y + image * channels
      nk_column_sums(x + image * pixels * channels, channels, pixels, channels, false, to)
      nk_divide(to, channels, Float(pixels))
    }
  }
}

private struct GlobalAverageBackward: ParallelTask {
  let images: Chunks
  let pixels: Int
  let channels: Int
  let dy: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { images.count }

  func run(chunk: Int, worker: Int) {
    for image in images.start(chunk)..<images.start(chunk) + images.length(chunk) {
      nk_spread_row(
        dy + image * channels, pixels, channels, Float(pixels), accumulate,
        dx + image * pixels * channels)
    }
  }
}

private struct GlobalMaximumForward: ParallelTask {
  let images: Chunks
  let pixels: Int
  let channels: Int
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let indices: UnsafeMutablePointer<Int32>

  var chunkCount: Int { images.count }

  func run(chunk: Int, worker: Int) {
    for image in images.start(chunk)..<images.start(chunk) + images.length(chunk) {
      nk_column_maxima(
        x + image * pixels * channels, pixels, channels, y + image * channels,
        indices + image * channels)
    }
  }
}

private struct GlobalMaximumBackward: ParallelTask {
  let images: Chunks
  let pixels: Int
  let channels: Int
  let dy: UnsafePointer<Float>
  let indices: UnsafePointer<Int32>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { images.count }

  func run(chunk: Int, worker: Int) {
    for image in images.start(chunk)..<images.start(chunk) + images.length(chunk) {
      let to = dx + image * pixels * channels
      if !accumulate { to.update(repeating: 0, count: pixels * channels) }
      nk_scatter_row(dy + image * channels, indices + image * channels, channels, to)
    }
  }
}
