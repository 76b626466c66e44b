internal import CKernels
package import Threads

extension Elementwise {
  /// y = x · scale + offset, where `y` may be `x`.
  package static func affine(
    count: Int, x: UnsafePointer<Float>, scale: Float, offset: Float,
    y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Affine(chunks: Chunks(of: count), x: x, scale: scale, offset: offset, y: y))
  }

  /// y = x · scale[c] + offset[c] in channel c, the last dimension, where `y` may be `x`.
  package static func affinePerChannel(
    rows: Int, channels: Int, x: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    offset: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      AffineChannels(
        chunks: Chunks(rows: rows, columns: channels), channels: channels, x: x, scale: scale,
        offset: offset, y: y))
  }

  /// y += x.
  package static func add(
    count: Int, x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Addition(chunks: Chunks(of: count), x: x, y: y))
  }

  /// y = y · factor.
  package static func scale(
    count: Int, by factor: Float, _ y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Scaling(chunks: Chunks(of: count), factor: factor, y: y))
  }

  /// y = value.
  package static func fill(
    count: Int, with value: Float, _ y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Filling(chunks: Chunks(of: count), value: value, y: y))
  }

  /// y = x.
  package static func copy(
    count: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(Copy(chunks: Chunks(of: count), x: x, y: y))
  }
}

private struct Affine: ParallelTask {
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let scale: Float
  let offset: Float
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_affine(chunks.length(chunk), x + start, scale, offset, y + start)
  }
}

private struct AffineChannels: ParallelTask {
  let chunks: Chunks
  let channels: Int
  let x: UnsafePointer<Float>
  let scale: UnsafePointer<Float>
  let offset: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk) * channels
    nk_affine_channels(chunks.length(chunk), channels, x + start, scale, offset, y + start)
  }
}

private struct Addition: ParallelTask {
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_add(chunks.length(chunk), x + start, y + start)
  }
}

private struct Scaling: ParallelTask {
  let chunks: Chunks
  let factor: Float
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    nk_scale(chunks.length(chunk), factor, y + chunks.start(chunk))
  }
}

private struct Filling: ParallelTask {
  let chunks: Chunks
  let value: Float
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    nk_fill(chunks.length(chunk), value, y + chunks.start(chunk))
  }
}

private struct Copy: ParallelTask {
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    (y + start).update(from: x + start, count: chunks.length(chunk))
  }
}
