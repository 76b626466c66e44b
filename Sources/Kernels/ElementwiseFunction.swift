/// A function of one number that is applied to every element of an array.
///
/// Errors are below 2.5 units in the last place, except silu and mish (4), gelu (7), and geluTanh
/// of negative numbers, whose relative error is that of an exponential of a rounded argument.
/// Results below 10⁻³⁵ may be flushed to zero. NaN gives NaN, and at infinity every function has
/// its limit.
///
/// The numbers are those of the C functions.
package enum ElementwiseFunction: Int32, CaseIterable, Sendable {
  case identity = 0
  /// max(x, 0).
  case relu = 1
  /// x above 0, `parameter` · x below. The parameter may not be negative.
  case leakyReLU = 2
  /// x above 0, `parameter` · (eˣ − 1) below. The parameter may not be negative.
  case elu = 3
  /// Elu with the two constants of Klambauer et al. (2017).
  case selu = 4
  /// x · Φ(x), Φ the normal distribution function (Hendrycks and Gimpel, 2016).
  case gelu = 5
  /// The approximation of ``gelu`` by a hyperbolic tangent, from the same paper.
  case geluTanh = 6
  /// x · sigmoid(x), also called swish.
  case silu = 7
  /// 1 / (1 + e⁻ˣ).
  case sigmoid = 8
  case tanh = 9
  /// log(1 + eˣ).
  case softplus = 10
  /// x / (1 + |x|).
  case softsign = 11
  /// min(max(x + 3, 0), 6) / 6.
  case hardSigmoid = 12
  /// x · hardSigmoid(x).
  case hardSwish = 13
  /// x · tanh(softplus(x)) (Misra, 2019).
  case mish = 14
  /// min(max(x, 0), 6).
  case relu6 = 15
  case exp = 16
  case log = 17
  case square = 18
  case squareRoot = 19
  case reciprocal = 20
  case negate = 21
  case absoluteValue = 22

  /// Which value of the forward pass a derivative is computed from.
  package enum DerivativeSource: Sendable {
    /// The function's output, so that the input need not be kept.
    case fromOutput
    /// The function's input.
    case fromInput
  }

  /// Which value of the forward pass the derivative is computed from.
  package var derivative: DerivativeSource {
    switch self {
    case .identity, .relu, .leakyReLU, .elu, .selu, .sigmoid, .tanh, .softplus, .softsign,
      .hardSigmoid, .relu6, .exp, .squareRoot, .reciprocal, .negate:
      return .fromOutput
    case .gelu, .geluTanh, .silu, .hardSwish, .mish, .log, .square, .absoluteValue:
      return .fromInput
    }
  }

  /// The `parameter` where the user gives none: the slope of leakyReLU, the alpha of elu.
  package var defaultParameter: Float {
    switch self {
    case .leakyReLU: return 0.01
    case .elu: return 1
    default: return 0
    }
  }
}
