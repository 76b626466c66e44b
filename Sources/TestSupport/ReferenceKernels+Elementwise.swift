internal import Foundation
package import Kernels

/// Plain Double loops that the kernels are held against: written to be read, not to be fast.
package enum ReferenceKernels {
  /// f(x) by the C library.
  package static func value(
    _ f: ElementwiseFunction, _ x: Double, parameter: Double = 0
  ) -> Double {
    switch f {
    case .identity: return x
    case .relu: return x < 0 ? 0 : x
    case .leakyReLU: return x > 0 ? x : parameter * x
    case .elu: return x > 0 ? x : parameter * expm1(x)
    case .selu:
      return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))
    case .gelu: return x == -.infinity ? 0 : x * 0.5 * erfc(-x / 2.0.squareRoot())
    case .geluTanh:
      if x == -.infinity { return 0 }
      let z = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
      // (1 + tanh z) / 2 without cancellation.
      return x / (1 + exp(-2 * z))
    case .silu: return x == -.infinity ? 0 : x / (1 + exp(-x))
    case .sigmoid: return 1 / (1 + exp(-x))
    case .tanh: return Foundation.tanh(x)
    case .softplus: return max(x, 0) + log1p(exp(-abs(x))) + (x.isNaN ? x : 0)
    case .softsign: return x.isInfinite ? (x < 0 ? -1 : 1) : x / (1 + abs(x))
    case .hardSigmoid: return x.isNaN ? x : min(max(x + 3, 0), 6) / 6
    case .hardSwish: return x == -.infinity ? 0 : x.isNaN ? x : x * min(max(x + 3, 0), 6) / 6
    case .mish:
      return x == -.infinity ? 0 : x * Foundation.tanh(value(.softplus, x))
    case .relu6: return x.isNaN ? x : min(max(x, 0), 6)
    case .exp: return Foundation.exp(x)
    case .log: return Foundation.log(x)
    case .square: return x * x
    case .squareRoot: return x.squareRoot()
    case .reciprocal: return 1 / x
    case .negate: return -x
    case .absoluteValue: return abs(x)
    }
  }

  /// The derivative of `g` at `x` by central differences of fourth order.
  package static func derivative(
    at x: Double, step: Double = 1e-3, of g: (Double) -> Double
  ) -> Double {
    (8 * (g(x + step) - g(x - step)) - (g(x + 2 * step) - g(x - 2 * step))) / (12 * step)
  }
}

/// `count` numbers in [-1, 1) that are the same in every run.
package func testValues(_ count: Int, seed: UInt64 = 1) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int64(bitPattern: state) >> 40) * 0x1p-23
  }
}

/// The sizes around the widths of vectors and chunks that kernels are tried with.
package let oddCounts = [1, 2, 3, 7, 15, 16, 17, 33, 64, 65, 1000, 100_003]

/// The numbers of threads that must give the same bits.
package let threadCounts = [1, 2, 3, 7]
