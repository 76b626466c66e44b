public import Tensors

/// A named array that a model owns: a parameter that training changes, or a statistic that it
/// keeps.
public struct Variable: Sendable, Hashable {
  /// Connections into and out of a unit, for the initializer.
  public struct Fan: Sendable, Hashable {
    /// Connections into a unit.
    public var `in`: Int
    /// Connections out of a unit.
    public var out: Int

    /// Creates a pair of fans.
    public init(in fanIn: Int, out fanOut: Int) {
      self.in = fanIn
      self.out = fanOut
    }
  }

  /// The name, unique in the graph: `encoder.0.weight`.
  public let name: String
  /// The extents.
  public let shape: Shape
  /// How the first values are drawn.
  public let initializer: Initializer
  /// The connections that the initializer counts.
  public let fan: Fan
  /// Whether an optimizer may change it; statistics such as a running mean are not trainable.
  public let isTrainable: Bool

  /// Creates a variable.
  public init(
    name: String, shape: Shape, initializer: Initializer, fan: Fan, isTrainable: Bool = true
  ) {
    self.name = name
    self.shape = shape
    self.initializer = initializer
    self.fan = fan
    self.isTrainable = isTrainable
  }
}
