public import Graphs
public import Tensors

/// All numbers of an example in one dimension: `[batch, …]` to `[batch, count]`.
public struct Flatten: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity

  /// Creates a layer.
  public init(name: String? = nil) {
    self.identity = LayerIdentity(name: name)
  }

  /// `Flatten`.
  public var kind: String { "Flatten" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in x.flattened() }
  }
}

/// The numbers of an example in another shape of as many elements.
public struct Reshape: IdentifiedLayer {
  /// The layer's place in the network's list; there are no weights.
  public let identity: LayerIdentity
  /// The shape of one example.
  public let shape: Shape

  /// Creates a layer that gives examples of `shape`.
  public init(_ shape: Shape, name: String? = nil) {
    self.identity = LayerIdentity(name: name)
    self.shape = shape
  }

  /// `Reshape([28, 28, 1])`.
  public var kind: String { "Reshape(\(shape))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { _ in x.reshaped(to: shape) }
  }
}
