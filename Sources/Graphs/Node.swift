/// A value of a graph that is being traced: what a layer takes and gives.
///
/// It has a type but no elements; those exist only while a plan runs.
public struct Node {
  /// The graph being traced.
  public let builder: GraphBuilder
  package let index: Int
  /// The extents and the kind of the elements.
  public let type: NodeType

  /// Whether a mistake before this node makes its type unknown.
  package var isUnknown: Bool { builder.isUnknown(self) }
}
