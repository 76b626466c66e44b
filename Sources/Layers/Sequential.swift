public import Graphs

/// Layers one after another.
///
///     let network = Sequential {
///       Flatten()
///       Dense(outputSize: 128, activation: .relu)
///       Dense(outputSize: 10)
///     }
public struct Sequential: Layer {
  /// The layers in order.
  public let layers: [any Layer]

  /// Creates a network from layers; `if`, `else` and `for` may choose and repeat them.
  public init(@LayerBuilder _ layers: () -> [any Layer]) {
    self.layers = layers()
  }

  /// Creates a network from layers.
  public init(_ layers: [any Layer]) {
    self.layers = layers
  }

  /// Calls the layers in order.
  public func callAsFunction(_ x: Node) -> Node {
    layers.reduce(x) { node, layer in layer(node) }
  }
}

/// Collects the layers of a `Sequential`.
@resultBuilder
public enum LayerBuilder {
  /// One layer.
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }

  /// Several layers, such as a part of a network made by a function.
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }

  /// The layers in order.
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }

  /// The layers of an `if` without `else`: none if the condition is false.
  public static func buildOptional(_ layers: [any Layer]?) -> [any Layer] { layers ?? [] }

  /// The layers of an `if`.
  public static func buildEither(first layers: [any Layer]) -> [any Layer] { layers }

  /// The layers of an `else`.
  public static func buildEither(second layers: [any Layer]) -> [any Layer] { layers }

  /// The layers of a `for`.
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }

  /// The layers under an availability condition.
  public static func buildLimitedAvailability(_ layers: [any Layer]) -> [any Layer] { layers }
}
