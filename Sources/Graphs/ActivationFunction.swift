import Kernels

/// A function that a layer applies to its result.
public enum ActivationFunction: Hashable, Sendable {
  /// The argument itself.
  case identity
  /// max(x, 0) (Nair and Hinton, ICML 2010).
  case relu
  /// x, or slope · x where x is negative.
  case leakyReLU(slope: Float = 0.01)
  /// x, or alpha · (eˣ − 1) where x is negative (Clevert et al., ICLR 2016).
  case elu(alpha: Float = 1)
  /// The self-normalising variant of `elu` (Klambauer et al., NeurIPS 2017).
  case selu
  /// x · Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel, 2016).
  case gelu
  /// `gelu` in the approximation by tanh.
  case geluTanh
  /// x · sigmoid(x), also called swish.
  case silu
  /// 1 / (1 + e⁻ˣ).
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// log(1 + eˣ).
  case softplus
  /// x / (1 + |x|).
  case softsign
  /// x / 6 + 1/2 clipped to 0…1.
  case hardSigmoid
  /// x · hardSigmoid(x) (Howard et al., ICCV 2019).
  case hardSwish
  /// x · tanh(softplus(x)) (Misra, BMVC 2020).
  case mish
  /// max(x, 0) clipped to 6.
  case relu6
  /// eˣ over the sum of eˣ along the last dimension.
  case softmax
  /// The logarithm of `softmax`.
  case logSoftmax

  /// The operation, or nil for the identity.
  package var operation: (any Operation)? {
    switch self {
    case .identity: nil
    case .relu: UnaryOperation(.relu)
    case .leakyReLU(let slope): UnaryOperation(.leakyReLU, parameter: slope)
    case .elu(let alpha): UnaryOperation(.elu, parameter: alpha)
    case .selu: UnaryOperation(.selu)
    case .gelu: UnaryOperation(.gelu)
    case .geluTanh: UnaryOperation(.geluTanh)
    case .silu: UnaryOperation(.silu)
    case .sigmoid: UnaryOperation(.sigmoid)
    case .tanh: UnaryOperation(.tanh)
    case .softplus: UnaryOperation(.softplus)
    case .softsign: UnaryOperation(.softsign)
    case .hardSigmoid: UnaryOperation(.hardSigmoid)
    case .hardSwish: UnaryOperation(.hardSwish)
    case .mish: UnaryOperation(.mish)
    case .relu6: UnaryOperation(.relu6)
    case .softmax: SoftmaxOperation(isLogarithmic: false)
    case .logSoftmax: SoftmaxOperation(isLogarithmic: true)
    }
  }

  /// The functions without parameters, and those with parameters at their defaults.
  public static let all: [ActivationFunction] = [
    .identity, .relu, .leakyReLU(), .elu(), .selu, .gelu, .geluTanh, .silu, .sigmoid, .tanh,
    .softplus, .softsign, .hardSigmoid, .hardSwish, .mish, .relu6, .softmax, .logSoftmax,
  ]

  /// The function's name in network files: `leakyReLU`.
  public var name: String { String(describing: self).prefix { $0 != "(" }.description }
}

extension Graph {
  /// The activation function that gives an output of the graph; nil if something else does.
  package func activation(producing output: Endpoint) -> ActivationFunction? {
    let operation = nodes[output.node].operation
    return ActivationFunction.all.first { function in
      function.operation.map { $0.kind == operation.kind && $0.attributes == operation.attributes }
        ?? false
    }
  }
}
