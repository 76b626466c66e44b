public import Graphs

/// The maximum of each window.
///
/// Takes images `[batch, height, width, channels]`, gives the same with fewer positions.
public struct MaxPool2D: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity
  /// The window.
  public let poolSize: Size2D
  /// Steps of the window.
  public let strides: Size2D
  /// What lies around the image; padding is never the maximum.
  public let padding: Padding

  /// Creates a layer; by default the windows touch.
  public init(
    poolSize: Size2D = 2, strides: Size2D? = nil, padding: Padding = .valid, name: String? = nil
  ) {
    self.identity = LayerIdentity(name: name)
    self.poolSize = poolSize
    self.strides = strides ?? poolSize
    self.padding = padding
  }

  /// `MaxPool2D(2×2)`.
  public var kind: String { "MaxPool2D(\(poolSize))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in maxPool2D(x, poolSize: poolSize, strides: strides, padding: padding) }
  }
}

/// The mean of each window; padding does not count.
///
/// Takes images `[batch, height, width, channels]`, gives the same with fewer positions.
public struct AveragePool2D: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity
  /// The window.
  public let poolSize: Size2D
  /// Steps of the window.
  public let strides: Size2D
  /// What lies around the image.
  public let padding: Padding

  /// Creates a layer; by default the windows touch.
  public init(
    poolSize: Size2D = 2, strides: Size2D? = nil, padding: Padding = .valid, name: String? = nil
  ) {
    self.identity = LayerIdentity(name: name)
    self.poolSize = poolSize
    self.strides = strides ?? poolSize
    self.padding = padding
  }

  /// `AveragePool2D(2×2)`.
  public var kind: String { "AveragePool2D(\(poolSize))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in averagePool2D(x, poolSize: poolSize, strides: strides, padding: padding) }
  }
}

/// The mean over all positions of each image.
///
/// Takes images `[batch, height, width, channels]`, gives `[batch, channels]`.
public struct GlobalAveragePool2D: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity

  /// Creates a layer.
  public init(name: String? = nil) {
    self.identity = LayerIdentity(name: name)
  }

  /// `GlobalAveragePool2D`.
  public var kind: String { "GlobalAveragePool2D" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in globalAveragePool2D(x) }
  }
}
