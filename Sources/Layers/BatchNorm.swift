public import Graphs
import Tensors

/// Batch normalisation over all but the last dimension (Ioffe and Szegedy, ICML 2015).
///
/// Takes and gives `[batch, …, channels]`. In training it normalises by the batch's mean and
/// variance and updates running ones, by which inference normalises:
/// `running = momentum · running + (1 − momentum) · batch`. Variables, `[channels]` each: `scale`
/// (ones at first), `offset` (zeros), and, not trained, `running_mean` (zeros), `running_variance`
/// (ones).
///
/// In `fit`, a last batch that is smaller than the others changes the running statistics by its share:
/// (1 − momentum) is multiplied by its size over that of a whole batch. A batch that has a single value
/// a channel has no variance: it leaves them alone, and what comes out is the offset whatever the
/// example, so that nothing is learned through the layer.
public struct BatchNorm: IdentifiedLayer {
  /// What the layer's weights hang on.
  public let identity: LayerIdentity
  /// The share of the running statistics that an update keeps.
  public let momentum: Float
  /// Added to the variance.
  public let epsilon: Float
  /// What is applied to the result.
  public let activation: ActivationFunction

  /// Creates a layer.
  ///
  /// - Parameters:
  ///   - momentum: The share of the running statistics that an update keeps.
  ///   - epsilon: Added to the variance.
  ///   - activation: What is applied to the result; by default nothing.
  ///   - name: The layer's name in model files, in the place of its position or property.
  public init(
    momentum: Float = 0.9, epsilon: Float = 1e-5, activation: ActivationFunction = .identity,
    name: String? = nil
  ) {
    self.identity = LayerIdentity(name: name)
    self.momentum = momentum
    self.epsilon = epsilon
    self.activation = activation
  }

  /// `BatchNorm`.
  public var kind: String { "BatchNorm" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { label in
      guard x.type.rank >= 2, let channels = x.type.dimensions.last?.fixedValue else {
        return reject(
          x, "expects examples with channels, […, channels]; it was given \(x.type).")
      }
      func variable(_ name: String, _ initializer: Initializer, isTrainable: Bool) -> Node {
        x.builder.variable(
          name, in: label, shape: [channels], initializer: initializer,
          fan: Variable.Fan(in: 1, out: 1), isTrainable: isTrainable)
      }
      let y = batchNormalization(
        x, scale: variable("scale", .ones, isTrainable: true),
        offset: variable("offset", .zeros, isTrainable: true),
        runningMean: variable("running_mean", .zeros, isTrainable: false),
        runningVariance: variable("running_variance", .ones, isTrainable: false),
        momentum: momentum, epsilon: epsilon)
      return Graphs.activation(activation, y)
    }
  }
}
