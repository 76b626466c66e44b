import CKernels
import Foundation
import Kernels
import TestSupport
import Testing
import Threads

/// Distance between a result and the truth, in units in the last place of the truth.
private func unitsOff(_ actual: Float, _ truth: Double) -> Double {
  let rounded = Float(truth)
  if actual == rounded { return 0 }
  // Results below the normal numbers may be flushed.
  if abs(truth) < 0x1p-126 { return abs(actual) <= 0x1p-126 ? 0 : .infinity }
  if rounded.isInfinite || rounded.isNaN || actual.isNaN || actual.isInfinite { return .infinity }
  return abs(Double(actual) - truth) / Double(rounded.ulp)
}

/// Arguments over the whole range: dense near zero, over the curved part, and by powers of two.
private let arguments: [Float] = {
  var x: [Float] = []
  for i in -40_000...40_000 { x.append(Float(i) * 0.00037) }
  for i in -20_000...20_000 { x.append(Float(i) * 0.0053) }
  for exponent in stride(from: Float(-126), through: 127, by: 0.013) {
    let v = Float(Foundation.exp2(Double(exponent)))
    x += [v, -v]
  }
  return x
}()

/// The errors that ``ElementwiseFunction`` promises, in units in the last place.
private func bound(_ f: ElementwiseFunction, at x: Double) -> Double {
  switch f {
  case .identity, .relu, .square, .squareRoot, .reciprocal, .negate, .absoluteValue, .relu6,
    .leakyReLU:
    return 0.51
  case .gelu: return 5
  case .geluTanh: return 3 + 4 * abs(x * x * x)
  case .silu, .mish: return 3.5
  default: return 2.5
  }
}

@Suite struct ElementwiseFunctionTests {
  let team = WorkerTeam(threadCount: 2)

  @Test(arguments: ElementwiseFunction.allCases)
  func isAccurate(f: ElementwiseFunction) {
    let p: Float = 0.25
    var y = [Float](repeating: .nan, count: arguments.count)
    Elementwise.forward(f, parameter: p, count: y.count, x: arguments, y: &y, team: team)
    var worst = 0.0
    var worstAt: Float = 0
    for (x, y) in zip(arguments, y) {
      let truth = ReferenceKernels.value(f, Double(x), parameter: Double(p))
      if truth.isNaN && y.isNaN { continue }
      // Near the end of the range a rounded result may be infinite, and so may ours.
      if abs(truth) > 3.4e38 && abs(y) > 3.4e38 { continue }
      if f == .geluTanh && abs(x) > 4 && x < 0 && abs(truth) < 1e-6 && abs(y) < 1e-6 { continue }
      let off = unitsOff(y, truth)
      if off > worst { (worst, worstAt) = (off, x) }
      if off > bound(f, at: Double(x)) {
        Issue.record("\(f)(\(x)) = \(y), not \(truth): off by \(off) units")
        return
      }
    }
    print("WORST", f, worst, worstAt)
  }
}
