public import Graphs

/// A step of a network: a small immutable value that describes what happens to a node and holds no
/// weights.
///
/// A network is a layer, too: `Sequential { … }`, or a struct that calls its layers:
///
///     struct Block: Layer {
///       let first = Conv2D(outputChannels: 64, kernelSize: 3, padding: .same, activation: .relu)
///       let second = Conv2D(outputChannels: 64, kernelSize: 3, padding: .same)
///
///       func callAsFunction(_ x: Node) -> Node {
///         relu(x + second(first(x)))
///       }
///     }
///
/// A layer with weights gets its identity when it is created: copies share weights, so a layer
/// called twice in a network is one set of weights; layers created apart never share.
public protocol Layer: Sendable {
  /// Adds the layer to the graph of `x`.
  func callAsFunction(_ x: Node) -> Node
}

/// A layer of the library: one with an identity, and so with a place in the network's list.
public protocol IdentifiedLayer: Layer {
  /// What the layer's weights hang on.
  var identity: LayerIdentity { get }
  /// The layer's type with the arguments that matter: `Dense(10)`.
  var kind: String { get }
}

extension IdentifiedLayer {
  /// Traces the layer's steps under its label, unless what comes before is wrong already.
  func trace(_ x: Node, _ body: (LayerLabel) -> Node) -> Node {
    guard !x.isUnknown else { return x }
    return x.builder.scope(identity, kind: kind, body)
  }

  /// Records what is wrong, as a sentence without its subject, and gives a node of unknown type.
  func reject(_ x: Node, _ reason: String) -> Node {
    x.builder.report(reason, subject: kind)
    return x.builder.unknownNode(like: x)
  }
}
