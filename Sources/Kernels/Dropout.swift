internal import CKernels
package import Threads

/// Inverted dropout (Srivastava et al., 2014): elements are dropped with probability `rate`, the
/// others multiplied by 1 / (1 − rate), so that nothing is left to do in inference.
package enum Dropout {
  /// y = x · mask / (1 − rate), where `y` may be `x`.
  ///
  /// - Parameters:
  ///   - mask: Written: 1 where an element is kept, else 0. A pure function of `key`, `stream` and
  ///     the element's number, which is `firstElement` plus its index: the chunks, the threads and
  ///     the cutting of a batch do not matter.
  ///   - rate: In [0, 1).
  package static func forward(
    count: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>,
    mask: UnsafeMutablePointer<UInt8>, rate: Float, key: UInt64, stream: UInt64,
    firstElement: UInt64, team: WorkerTeam
  ) {
    precondition(rate >= 0 && rate < 1)
    team.run(
      DropoutForward(
        chunks: Chunks(of: count), x: x, y: y, mask: mask,
        threshold: UInt32(Double(rate) * 0x1p32), scale: 1 / (1 - rate), key: key,
        stream: stream, firstElement: firstElement))
  }

  /// dx = dy · mask / (1 − rate), or dx += with `accumulate`; `dx` may be `dy`.
  package static func backward(
    count: Int, mask: UnsafePointer<UInt8>, rate: Float, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    precondition(rate >= 0 && rate < 1)
    team.run(
      DropoutBackward(
        chunks: Chunks(of: count), mask: mask, scale: 1 / (1 - rate), dy: dy, dx: dx,
        accumulate: accumulate))
  }
}

private struct DropoutForward: ParallelTask {
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let mask: UnsafeMutablePointer<UInt8>
  let threshold: UInt32
  let scale: Float
  let key: UInt64
  let stream: UInt64
  let firstElement: UInt64

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_dropout(
      chunks.length(chunk), x + start, y + start, mask + start, threshold, scale, key, stream,
      firstElement &+ UInt64(start))
  }
}

private struct DropoutBackward: ParallelTask {
  let chunks: Chunks
  let mask: UnsafePointer<UInt8>
  let scale: Float
  let dy: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_dropout_backward(
      chunks.length(chunk), mask + start, scale, dy + start, dx + start, accumulate)
  }
}
