public import Graphs

/// The sum of a body and a shortcut, then an activation: `activation(body(x) + shortcut(x))` (He et
/// al., CVPR 2016).
///
/// Takes what the body takes, gives what the body gives; without a shortcut both are of the same
/// shape.
public struct Residual: IdentifiedLayer {
  /// The layer's place in the network's list; the weights are those of its parts.
  public let identity: LayerIdentity
  /// What changes the input.
  public let body: any Layer
  /// What takes the input past the body; nil takes it as it is.
  public let shortcut: (any Layer)?
  /// What is applied to the sum.
  public let activation: ActivationFunction

  /// Creates a layer.
  public init(
    activation: ActivationFunction = .identity, shortcut: (any Layer)? = nil, name: String? = nil,
    @LayerBuilder body: () -> [any Layer]
  ) {
    self.identity = LayerIdentity(name: name)
    self.body = Sequential(body())
    self.shortcut = shortcut
    self.activation = activation
  }

  /// `Residual`.
  public var kind: String { "Residual" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    let (branch, straight) = (body(x), shortcut?(x) ?? x)
    guard !branch.isUnknown else { return branch }
    guard !straight.isUnknown else { return straight }
    return trace(branch) { _ in
      guard branch.type == straight.type else {
        return reject(
          branch,
          "expects its body and its shortcut to give the same shape; they give "
            + "\(branch.type.fixedShape) and \(straight.type.fixedShape) (give it a shortcut that "
            + "changes the shape as its body does).")
      }
      return Graphs.activation(activation, branch + straight)
    }
  }
}

/// Widens images by zero channels and takes every second position.
///
/// The shortcut "A" of He et al. (CVPR 2016), which has no weights.
///
/// Takes `[batch, height, width, channels]`, gives
/// `[batch, ⌈height / stride⌉, ⌈width / stride⌉, outputChannels]`, the zeros half before and half
/// after.
public struct ZeroPaddedShortcut: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity
  /// Channels of the result.
  public let outputChannels: Int
  /// Steps from one taken position to the next.
  public let strides: Size2D

  /// Creates a layer.
  public init(outputChannels: Int, strides: Size2D = 1, name: String? = nil) {
    self.identity = LayerIdentity(name: name)
    self.outputChannels = outputChannels
    self.strides = strides
  }

  /// `ZeroPaddedShortcut(32)`.
  public var kind: String { "ZeroPaddedShortcut(\(outputChannels))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in
      guard let channels = x.type.dimensions.last?.fixedValue, channels <= outputChannels else {
        return reject(
          x,
          "expects at most \(outputChannels) channels; it was given an input of shape "
            + "\(x.type.fixedShape).")
      }
      // The maximum of a window of one element is that element.
      let taken = strides == 1 ? x : maxPool2D(x, poolSize: 1, strides: strides)
      guard !taken.isUnknown else { return taken }
      let added = outputChannels - channels
      return taken.paddingChannels(before: added / 2, after: added - added / 2)
    }
  }
}
