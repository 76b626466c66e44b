public import Graphs

/// An activation function as a layer of its own.
///
/// Takes and gives any shape; softmax works along the last dimension.
public struct Activation: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity
  /// What is applied.
  public let function: ActivationFunction

  /// Creates a layer.
  public init(_ function: ActivationFunction, name: String? = nil) {
    self.identity = LayerIdentity(name: name)
    self.function = function
  }

  /// `Activation(relu)`.
  public var kind: String { "Activation(\(function.name))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in Graphs.activation(function, x) }
  }
}

/// In training, zeroes each number with the probability `rate` and divides the others by
/// `1 − rate`; otherwise changes nothing (Srivastava et al., JMLR 15, 2014).
public struct Dropout: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity
  /// The probability with which a number is zeroed, from 0 to less than 1.
  public let rate: Float

  /// Creates a layer.
  public init(rate: Float, name: String? = nil) {
    self.identity = LayerIdentity(name: name)
    self.rate = rate
  }

  /// `Dropout(0.5)`.
  public var kind: String { "Dropout(\(rate))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in dropout(x, rate: rate) }
  }
}

/// Turns raw numbers into what a network likes, `x · scale + offset`, saved with the model: raw
/// pixels and raw columns go in.
public struct Rescale: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity
  /// One factor, or one for each channel.
  public let scale: [Float]
  /// One summand, or one for each channel.
  public let offset: [Float]

  /// Creates a layer that multiplies by `scale` and adds `offset`; 1/255 brings pixels to 0…1.
  public init(scale: Float, offset: Float = 0, name: String? = nil) {
    self.identity = LayerIdentity(name: name)
    self.scale = [scale]
    self.offset = [offset]
  }

  /// Creates a layer that subtracts a mean and divides by a standard deviation, channel by channel.
  ///
  /// A deviation of zero, as a constant column has, is refused when the model is built.
  public init(mean: [Float], standardDeviation: [Float], name: String? = nil) {
    self.identity = LayerIdentity(name: name)
    self.scale = standardDeviation.map { 1 / $0 }
    self.offset = zip(mean, standardDeviation).map { -$0 / $1 }
  }

  /// `Rescale`.
  public var kind: String { "Rescale" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in
      if let channel = scale.indices.first(where: { !scale[$0].isFinite }) {
        return reject(
          x,
          "cannot divide by the standard deviation of channel \(channel), which is zero (leave the "
            + "channel out, or give it a deviation of 1).")
      }
      return x.scaled(by: scale, offset: offset)
    }
  }
}
