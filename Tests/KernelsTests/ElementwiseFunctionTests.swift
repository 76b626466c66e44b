import CKernels
import Foundation
import Kernels
import TestSupport
import Testing
import Threads

/// Distance between a result and the truth, in units in the last place of the truth.
private func unitsOff(_ actual: Float, _ truth: Double) -> Double {
  let rounded = Float(truth)
  if actual == rounded || actual.isNaN && rounded.isNaN { return 0 }
  if abs(truth) < 1e-35 { return abs(actual) < 2e-35 ? 0 : .infinity }
  if abs(truth) > 3.4e38 && abs(actual) > 3.4e38 { return 0 }
  if !actual.isFinite || !rounded.isFinite { return .infinity }
  return abs(Double(actual) - truth) / Double(rounded.ulp)
}

/// Arguments over the whole range: dense near zero, over the curved part, and by powers of two.
private let arguments: [Float] = {
  var x: [Float] = []
  for i in -40_000...40_000 { x.append(Float(i) * 0.00037) }
  for i in -20_000...20_000 { x.append(Float(i) * 0.0053) }
  for exponent in stride(from: -126, through: 127.9, by: 0.013) {
    let v = Float(Foundation.exp2(exponent))
    x += [v, -v]
  }
  return x
}()

/// The errors that ``ElementwiseFunction`` promises, in units in the last place.
private func bound(_ f: ElementwiseFunction, at x: Double) -> Double {
  switch f {
  case .identity, .relu, .square, .squareRoot, .reciprocal, .negate, .absoluteValue, .relu6:
    return 0
  case .leakyReLU: return 0.51
  case .gelu: return 7
  case .geluTanh: return x < 0 ? 4 + 4 * abs(x * x * x) : 4
  case .silu, .mish: return 4
  default: return 2.5
  }
}

/// An argument of every function, for derivatives: away from corners, inside the domain.
private func argument(_ f: ElementwiseFunction, _ value: Float) -> Float {
  switch f {
  case .log, .squareRoot, .reciprocal: return abs(value) * 4 + 0.3
  default:
    let x = value * 5
    for corner in [Float(-3), 0, 3, 6] where abs(x - corner) < 0.02 { return x + 0.05 }
    return x
  }
}

@Suite struct ElementwiseFunctionTests {
  let team = WorkerTeam(threadCount: 2)
  let parameter: Float = 0.25

  private func values(_ f: ElementwiseFunction, _ x: [Float]) -> [Float] {
    var y = [Float](repeating: .nan, count: x.count)
    Elementwise.forward(f, parameter: parameter, count: x.count, x: x, y: &y, team: team)
    return y
  }

  @Test(arguments: ElementwiseFunction.allCases)
  func isAccurate(f: ElementwiseFunction) {
    for (x, y) in zip(arguments, values(f, arguments)) {
      let truth = ReferenceKernels.value(f, Double(x), parameter: Double(parameter))
      let off = unitsOff(y, truth)
      if off > bound(f, at: Double(x)) {
        Issue.record("\(f)(\(x)) = \(y), not \(truth): off by \(off) units")
        return
      }
    }
  }

  @Test(arguments: ElementwiseFunction.allCases)
  func hasItsLimits(f: ElementwiseFunction) {
    let x: [Float] = [0, .infinity, -.infinity, .nan, 1, 3e38, -3e38]
    for (x, y) in zip(x, values(f, x)) {
      let truth = ReferenceKernels.value(f, Double(x), parameter: Double(parameter))
      let same = y == Float(truth) || y.isNaN && truth.isNaN || abs(y - Float(truth)) < 1e-6
      #expect(same, "\(f)(\(x)) = \(y), not \(truth)")
    }
  }

  @Test(arguments: ElementwiseFunction.allCases)
  func derivativeIsThatOfTheFunction(f: ElementwiseFunction) {
    let x = testValues(1000).map { argument(f, $0) }
    let dy = testValues(1000, seed: 2)
    let saved = f.derivative == .fromInput ? x : values(f, x)
    var dx = [Float](repeating: .nan, count: x.count)
    Elementwise.backward(
      f, parameter: parameter, count: x.count, saved: saved, dy: dy, dx: &dx, accumulate: false,
      team: team)
    let expected = zip(x, dy).map { x, dy in
      Double(dy)
        * ReferenceKernels.derivative(at: Double(x)) {
          ReferenceKernels.value(f, $0, parameter: Double(parameter))
        }
    }
    expectClose(dx, expected, relative: 2e-5, absolute: 2e-6)

    var sum = testValues(1000, seed: 3)
    let before = sum
    Elementwise.backward(
      f, parameter: parameter, count: x.count, saved: saved, dy: dy, dx: &sum, accumulate: true,
      team: team)
    expectClose(
      sum, zip(before, dx).map { Double($0) + Double($1) }, relative: 1e-6, absolute: 3e-7)

    var inPlace = dy
    inPlace.withUnsafeMutableBufferPointer {
      Elementwise.backward(
        f, parameter: parameter, count: x.count, saved: saved, dy: $0.baseAddress!,
        dx: $0.baseAddress!, accumulate: false, team: team)
    }
    #expect(inPlace == dx)
  }

  @Test(arguments: ElementwiseFunction.allCases)
  func derivativeIsFiniteFarOut(f: ElementwiseFunction) {
    let x: [Float] = [-1e4, -100, -30, 30, 100, 1e4].map {
      f == .log || f == .squareRoot ? abs($0) : $0
    }
    // These grow beyond all bounds.
    if f == .exp { return }
    let saved = f.derivative == .fromInput ? x : values(f, x)
    let ones = [Float](repeating: 1, count: x.count)
    var dx = ones
    Elementwise.backward(
      f, parameter: parameter, count: x.count, saved: saved, dy: ones, dx: &dx,
      accumulate: false, team: team)
    for (x, d) in zip(x, dx) { #expect(d.isFinite, "\(f)'(\(x)) = \(d)") }
  }

  @Test(arguments: oddCounts)
  func everySizeAndThreadCountGivesTheSameBits(count: Int) {
    let x = testValues(count + 1).map { $0 * 4 }
    let whole = values(.gelu, testValues(oddCounts.max()! + 1).map { $0 * 4 })
    for threads in threadCounts {
      // One element more, which must stay as it is.
      var y = [Float](repeating: 42, count: count + 1)
      Elementwise.forward(
        .gelu, parameter: 0, count: count, x: x, y: &y, team: WorkerTeam(threadCount: threads))
      #expect(y[count] == 42)
      #expect(Array(y[..<count]) == Array(whole[..<count]))
    }
  }

  @Test(arguments: [1, 2, 7, 15, 16, 17, 33, 100], [true, false])
  func tilesGetBiasAndFunction(columns: Int, hasBias: Bool) {
    let rows = 5
    for stride in [columns, columns + 3] {
      for f in ElementwiseFunction.allCases where ![.log, .squareRoot, .reciprocal].contains(f) {
        let start = testValues(rows * stride).map { $0 * 3 }
        let bias = testValues(columns, seed: 4)
        var y = start
        bias.withUnsafeBufferPointer {
          nk_bias_activate(
            &y, stride, rows, columns, hasBias ? $0.baseAddress : nil, f.rawValue, parameter)
        }
        let expected = start.indices.map { i in
          let column = i % stride
          guard column < columns else { return Double(start[i]) }
          let x = hasBias ? start[i] + bias[column] : start[i]
          return ReferenceKernels.value(f, Double(x), parameter: Double(parameter))
        }
        expectClose(y, expected, relative: 1e-6, absolute: 1e-6, "\(f), stride \(stride)")
      }
    }
  }

  @Test func numbersAreThoseOfTheCFunctions() {
    let numbers: [(ElementwiseFunction, Int)] = [
      (.identity, NK_IDENTITY), (.relu, NK_RELU), (.leakyReLU, NK_LEAKY_RELU), (.elu, NK_ELU),
      (.selu, NK_SELU), (.gelu, NK_GELU), (.geluTanh, NK_GELU_TANH), (.silu, NK_SILU),
      (.sigmoid, NK_SIGMOID), (.tanh, NK_TANH), (.softplus, NK_SOFTPLUS),
      (.softsign, NK_SOFTSIGN), (.hardSigmoid, NK_HARD_SIGMOID), (.hardSwish, NK_HARD_SWISH),
      (.mish, NK_MISH), (.relu6, NK_RELU6), (.exp, NK_EXP), (.log, NK_LOG), (.square, NK_SQUARE),
      (.squareRoot, NK_SQUARE_ROOT), (.reciprocal, NK_RECIPROCAL), (.negate, NK_NEGATE),
      (.absoluteValue, NK_ABSOLUTE_VALUE),
    ]
    #expect(numbers.count == ElementwiseFunction.allCases.count)
    for (f, number) in numbers { #expect(Int(f.rawValue) == number) }
  }
}
