package import Threads

/// Which axes of an array a reduction sums over.
///
/// Made once, from a shape; a value without references, so that a smaller batch costs nothing.
package struct ReductionGeometry: Sendable {
  /// The input filled by the repeated output (left) and one number (right).
  private(set) var broadcast: BroadcastGeometry

  /// Creates the geometry of sums of an array of rank 8 at most over some of its axes.
  package init(shape: [Int], axes: [Int]) {
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    // An axis of 1 is summed over and kept alike.
    broadcast = BroadcastGeometry(left: kept, right: [], output: shape)
  }

  /// The same with a leading dimension of the input of `leading` instead of the planned one, which
  /// is at least as large.
  package func with(leading: Int) -> ReductionGeometry {
    var smaller = self
    smaller.broadcast = broadcast.with(leading: leading)
    return smaller
  }

  /// Elements of the input.
  package var inputCount: Int { broadcast.outputCount }
  /// Elements of the output.
  package var outputCount: Int { broadcast.leftCount }
}

extension Reductions {
  /// Floats of scratch memory for the forward reductions over axes.
  package static func axesScratchCount(_ geometry: ReductionGeometry) -> Int {
    Elementwise.binaryBackwardScratchCount(of: .left, geometry.broadcast)
  }

  /// y = the sum of x over axes.
  package static func sum(
    _ geometry: ReductionGeometry, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>?, team: WorkerTeam
  ) {
    // A sum over axes is the gradient of what repeats along them.
    Elementwise.binaryBackward(
      .add, of: .left, geometry.broadcast, x: nil, y: nil, dz: x, gradient: y, accumulate: false,
      scratch: scratch, team: team)
  }

  /// y = the mean of x over axes.
  package static func mean(
    _ geometry: ReductionGeometry, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>?, team: WorkerTeam
  ) {
    sum(geometry, x: x, y: y, scratch: scratch, team: team)
    let factor = Float(geometry.outputCount) / Float(geometry.inputCount)
    Elementwise.scale(count: geometry.outputCount, by: factor, y, team: team)
  }

  /// dx = dy repeated along the axes, or dx += with `accumulate`.
  package static func sumBackward(
    _ geometry: ReductionGeometry, dy: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>,
    accumulate: Bool, team: WorkerTeam
  ) {
    repeated(geometry, dy, factor: 1, dx, accumulate, team)
  }

  /// dx = dy repeated along the axes and divided by how often, or dx += with `accumulate`.
  package static func meanBackward(
    _ geometry: ReductionGeometry, dy: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>,
    accumulate: Bool, team: WorkerTeam
  ) {
    let factor = Float(geometry.outputCount) / Float(geometry.inputCount)
    repeated(geometry, dy, factor: factor, dx, accumulate, team)
  }

  private static func repeated(
    _ geometry: ReductionGeometry, _ dy: UnsafePointer<Float>, factor: Float,
    _ dx: UnsafeMutablePointer<Float>, _ accumulate: Bool, _ team: WorkerTeam
  ) {
    withUnsafePointer(to: factor) { factor in
      if accumulate {
        Elementwise.addProduct(geometry.broadcast, x: dy, y: factor, z: dx, team: team)
      } else {
        Elementwise.binary(.multiply, geometry.broadcast, x: dy, y: factor, z: dx, team: team)
      }
    }
  }
}
