import Graphs
import ModelFiles

/// The activation functions under the names that the manifest gives them.
let activationFunctions: [String: ActivationFunction] = [
  "identity": .identity, "relu": .relu, "leaky_relu": .leakyReLU(), "elu": .elu(), "selu": .selu,
  "gelu": .gelu, "gelu_tanh": .geluTanh, "silu": .silu, "sigmoid": .sigmoid, "tanh": .tanh,
  "softplus": .softplus, "softsign": .softsign, "hard_sigmoid": .hardSigmoid,
  "hard_swish": .hardSwish, "mish": .mish, "relu6": .relu6, "softmax": .softmax,
  "log_softmax": .logSoftmax,
]

extension ReferenceCase {
  /// A pair of numbers, or the same number twice, for height and width.
  func size(_ name: String, default fallback: [Int]? = nil) throws -> Size2D {
    let pair = try integerList(name, count: 2, default: fallback)
    return Size2D(height: pair[0], width: pair[1])
  }

  /// Padding by name, or as one number for all sides or a pair for height and width.
  func padding() throws -> Padding {
    switch attribute("padding") {
    case nil, .string("valid"): return .valid
    case .string("same"): return .same
    case .string(let name): throw ReferenceError("\(id): unknown padding \(name).")
    default:
      let pair = try integerList("padding", count: 2)
      return .explicit(top: pair[0], left: pair[1], bottom: pair[0], right: pair[1])
    }
  }

  /// The activation function of a name, with the parameter that the case may give it.
  func activation(_ name: String) throws -> ActivationFunction {
    guard let function = activationFunctions[name] else {
      throw ReferenceError("\(id): unknown activation \(name).")
    }
    switch function {
    case .leakyReLU:
      let names = ["slope", "negative_slope", "alpha"]
      guard let given = names.first(where: { attribute($0) != nil }) else { return function }
      return .leakyReLU(slope: Float(try number(given)))
    case .elu:
      return .elu(alpha: Float(try number("alpha", default: 1)))
    default:
      return function
    }
  }

  /// The activation function that the case says comes last; by default none.
  func activation() throws -> ActivationFunction {
    let name = try string("activation", default: "identity")
    return name == "linear" || name == "none" ? .identity : try activation(name)
  }
}
