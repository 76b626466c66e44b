public import Graphs
import Tensors

/// A fully connected layer: `y = activation(x · W + b)`.
///
/// Takes `[batch, inputSize]`, gives `[batch, outputSize]`. Variables: `weight`
/// `[inputSize, outputSize]`, `bias` `[outputSize]` (zeros at first).
public struct Dense: IdentifiedLayer {
  /// What the layer's weights hang on.
  public let identity: LayerIdentity
  /// Numbers per example in the result.
  public let outputSize: Int
  /// Numbers per example that the layer expects; nil takes what comes.
  public let inputSize: Int?
  /// What is applied to the result.
  public let activation: ActivationFunction
  /// Whether there is a bias.
  public let useBias: Bool
  /// How the weights are drawn at first.
  public let weightInitializer: Initializer

  /// Creates a layer.
  ///
  /// - Parameters:
  ///   - outputSize: Numbers per example in the result.
  ///   - inputSize: Numbers per example that the layer expects; by default what comes.
  ///   - activation: What is applied to the result; by default nothing.
  ///   - useBias: Whether there is a bias.
  ///   - weightInitializer: How the weights are drawn at first; by default He's uniform
  ///     distribution before relu and its relatives, else Glorot's.
  ///   - name: The layer's name in model files, in the place of its position or property.
  public init(
    outputSize: Int, inputSize: Int? = nil, activation: ActivationFunction = .identity,
    useBias: Bool = true, weightInitializer: Initializer? = nil, name: String? = nil
  ) {
    self.identity = LayerIdentity(name: name)
    self.outputSize = outputSize
    self.inputSize = inputSize
    self.activation = activation
    self.useBias = useBias
    self.weightInitializer = weightInitializer ?? .standard(before: activation)
  }

  /// `Dense(10)`.
  public var kind: String { "Dense(\(outputSize))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { label in
      guard outputSize >= 1 else {
        return reject(x, "needs an outputSize of at least 1, not \(outputSize).")
      }
      let example = x.type.fixedShape
      guard x.type.isBatched, example.rank == 1, x.type.elementType == .float32 else {
        let advice = example.rank > 1 ? " (add Flatten() before it)" : ""
        return reject(
          x,
          "expects one dimension per example, [inputSize]\(advice); it was given an input of shape "
            + "\(example).")
      }
      if let inputSize, inputSize != example[0] {
        return reject(
          x,
          "was made for \(inputSize) numbers per example; it was given an input of shape "
            + "\(example) (leave inputSize out, or correct it).")
      }
      guard outputSize <= NodeType.mostElements / example[0] else {
        return reject(x, "would have too many weights, \(example[0]) times \(outputSize).")
      }
      let fan = Variable.Fan(in: example[0], out: outputSize)
      let weight = x.builder.variable(
        "weight", in: label, shape: [example[0], outputSize], initializer: weightInitializer,
        fan: fan)
      var y = matmul(x, weight)
      if useBias {
        y =
          y
          + x.builder.variable(
            "bias", in: label, shape: [outputSize], initializer: .zeros, fan: fan)
      }
      return Graphs.activation(activation, y)
    }
  }
}

extension Initializer {
  /// The initializer that suits an activation: He's for relu and its relatives, else Glorot's.
  static func standard(before activation: ActivationFunction) -> Initializer {
    switch activation {
    case .relu, .leakyReLU, .relu6, .elu, .gelu, .geluTanh, .silu, .mish, .hardSwish: .heUniform
    default: .glorotUniform
    }
  }
}
