internal import CKernels
package import Threads

/// A function of two numbers.
///
/// NaN in either gives NaN. The raw values are the numbers of the C functions.
package enum BinaryOperation: Int32, CaseIterable, Sendable {
  case add = 0
  case subtract = 1
  case multiply = 2
  case divide = 3
  case maximum = 4
  case minimum = 5
}

/// One of the operands of a binary operation.
package enum BinaryOperand: Sendable {
  case left
  case right
}

extension Elementwise {
  /// z = x operation y, where either is repeated as the geometry says.
  ///
  /// `z` may be an operand that is not repeated.
  package static func binary(
    _ operation: BinaryOperation, _ geometry: BroadcastGeometry, x: UnsafePointer<Float>,
    y: UnsafePointer<Float>, z: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let count = geometry.outputCount
    team.run(
      Binary(
        operation: operation.rawValue, geometry: geometry, chunks: Chunks(of: count), x: x, y: y,
        z: z, accumulate: false))
  }

  /// z += x · y, where either is repeated as the geometry says.
  static func addProduct(
    _ geometry: BroadcastGeometry, x: UnsafePointer<Float>, y: UnsafePointer<Float>,
    z: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      Binary(
        operation: BinaryOperation.multiply.rawValue, geometry: geometry,
        chunks: Chunks(of: geometry.outputCount), x: x, y: y, z: z, accumulate: true))
  }

  /// Floats of scratch memory for the gradient of an operand of `binary`.
  ///
  /// Enough for any smaller leading dimension, which may be cut into more pieces.
  package static func binaryBackwardScratchCount(
    of operand: BinaryOperand, _ geometry: BroadcastGeometry
  ) -> Int {
    let cut = BackwardCut(operand, geometry)
    return cut.stride == 0 ? BackwardCut.mostPieces(geometry) * cut.width : 0
  }

  /// The gradient of one operand of `binary`: summed over the places where it was repeated, in an
  /// order that only the shapes decide.
  ///
  /// - Parameters:
  ///   - x: The left operand: read by multiply and divide for the right, and by maximum and
  ///     minimum; else it may be nil.
  ///   - y: The right operand: read by multiply for the left, and by divide, maximum and minimum;
  ///     else it may be nil. Of two equal numbers, maximum and minimum give each half.
  ///   - gradient: Written, or added to with `accumulate`. Without repetition it may be `dz`.
  package static func binaryBackward(
    _ operation: BinaryOperation, of operand: BinaryOperand, _ geometry: BroadcastGeometry,
    x: UnsafePointer<Float>?, y: UnsafePointer<Float>?, dz: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>, accumulate: Bool, scratch: UnsafeMutablePointer<Float>?,
    team: WorkerTeam
  ) {
    let cut = BackwardCut(operand, geometry)
    if cut.pieces.count == 0 {
      if !accumulate { nk_fill(cut.width, 0, gradient) }
      return
    }
    var task = BinaryBackward(
      operation: operation.rawValue, ofRight: operand == .right, geometry: geometry, cut: cut,
      x: x, y: y, dz: dz, target: gradient, accumulate: accumulate)
    guard cut.needsScratch, let scratch else {
      precondition(!cut.needsScratch, "scratch memory is missing")
      team.run(task)
      return
    }
    task.target = scratch
    task.accumulate = false
    team.run(task)
    TreeSums.combine(
      count: cut.pieces.count, width: cut.width, partials: scratch, into: gradient,
      accumulate: accumulate, team: team)
  }
}

private struct Binary: ParallelTask {
  let operation: Int32
  let geometry: BroadcastGeometry
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let y: UnsafePointer<Float>
  let z: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: geometry.plan) { plan in
      nk_binary(
        operation, plan, chunks.start(chunk), chunks.length(chunk), x, y, z, accumulate)
    }
  }
}

/// The cutting of a gradient's sum along the plan's first dimension.
private struct BackwardCut {
  /// Output elements per index of the first dimension.
  let inner: Int
  let pieces: Chunks
  /// Elements of the operand.
  let width: Int
  /// Operand elements per index of the first dimension: 0 if the operand is repeated along it.
  let stride: Int
  /// Nothing is repeated, so that nothing is summed.
  let isPlain: Bool

  var needsScratch: Bool { stride == 0 && pieces.count > 1 }

  init(_ operand: BinaryOperand, _ geometry: BroadcastGeometry) {
    let count = geometry.outputCount
    let extent = geometry.plan.extentOf(0)
    width = operand == .left ? geometry.leftCount : geometry.rightCount
    stride = operand == .left ? geometry.plan.leftStride(0) : geometry.plan.rightStride(0)
    inner = extent == 0 ? 0 : count / extent
    isPlain = width == count && stride != 0
    var size = Self.smallestPiece(inner: inner)
    if stride == 0 {
      size = max(size, (extent + Self.mostPartials - 1) / Self.mostPartials)
    }
    pieces = Chunks(of: count == 0 ? 0 : extent, size: size)
  }

  private static let mostPartials = 64

  private static func smallestPiece(inner: Int) -> Int {
    max(1, Chunks.elements / max(1, inner))
  }

  /// The most pieces into which an extent up to the geometry's is cut.
  static func mostPieces(_ geometry: BroadcastGeometry) -> Int {
    let extent = geometry.plan.extentOf(0)
    let size = smallestPiece(inner: extent == 0 ? 0 : geometry.outputCount / extent)
    return min(mostPartials, (extent + size - 1) / size)
  }
}

private struct BinaryBackward: ParallelTask {
  let operation: Int32
  let ofRight: Bool
  let geometry: BroadcastGeometry
  let cut: BackwardCut
  let x: UnsafePointer<Float>?
  let y: UnsafePointer<Float>?
  let dz: UnsafePointer<Float>
  var target: UnsafeMutablePointer<Float>
  var accumulate: Bool

  var chunkCount: Int { cut.pieces.count }

  func run(chunk: Int, worker: Int) {
    let start = cut.pieces.start(chunk)
    let length = cut.pieces.length(chunk)
    var base = target
    if !accumulate && !cut.isPlain {
      // A partial sum lies in scratch memory; a part of the gradient where its indices say.
      if cut.needsScratch { base += chunk * cut.width }
      let count = cut.stride == 0 ? cut.width : cut.stride * length
      nk_fill(count, 0, base + cut.stride * start)
    }
    withUnsafePointer(to: geometry.plan) { plan in
      nk_binary_backward(
        operation, ofRight, plan, start * cut.inner, length * cut.inner, x, y, dz, base,
        cut.isPlain && !accumulate)
    }
  }
}
