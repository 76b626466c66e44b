internal import CKernels
package import Threads

/// Operations that treat every element alike.
package enum Elementwise {
  /// y = f(x), where `y` may be `x`.
  package static func forward(
    _ f: ElementwiseFunction, parameter: Float, count: Int, x: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    checkParameter(f, parameter)
    team.run(Forward(f: f.rawValue, parameter: parameter, chunks: Chunks(of: count), x: x, y: y))
  }

  /// dx = dy · f′, or dx += dy · f′ with `accumulate`; `dx` may be `dy`.
  ///
  /// - Parameter saved: The function's output or input, as its `derivative` says.
  package static func backward(
    _ f: ElementwiseFunction, parameter: Float, count: Int, saved: UnsafePointer<Float>,
    dy: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    checkParameter(f, parameter)
    team.run(
      Backward(
        f: f.rawValue, parameter: parameter, chunks: Chunks(of: count), saved: saved, dy: dy,
        dx: dx, accumulate: accumulate))
  }

  /// With a negative slope or alpha the output would not tell on which side of zero the input was.
  private static func checkParameter(_ f: ElementwiseFunction, _ parameter: Float) {
    precondition(f != .leakyReLU && f != .elu || parameter >= 0)
  }
}

private struct Forward: ParallelTask {
  let f: Int32
  let parameter: Float
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_activate(chunks.length(chunk), x + start, y + start, f, parameter)
  }
}

private struct Backward: ParallelTask {
  let f: Int32
  let parameter: Float
  let chunks: Chunks
  let saved: UnsafePointer<Float>
  let dy: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_activate_backward(
      chunks.length(chunk), saved + start, dy + start, dx + start, f, parameter, accumulate)
  }
}
