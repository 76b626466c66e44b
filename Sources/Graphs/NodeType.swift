public import Tensors

/// What a node carries: the extents and the kind of its elements.
///
/// Only the first extent may be a symbol: kernels see a number of examples and the shape of one.
public struct NodeType: Hashable, Sendable {
  /// The extents, outermost first.
  ///
  /// Empty for a scalar.
  public var dimensions: [Dimension]
  /// What the elements are.
  public var elementType: ElementType

  /// Creates a type from its extents.
  public init(_ dimensions: [Dimension], elementType: ElementType = .float32) {
    self.dimensions = dimensions
    self.elementType = elementType
  }

  /// A type of fixed extents.
  public init(_ shape: Shape, elementType: ElementType = .float32) {
    self.init(shape.dimensions.map(Dimension.fixed), elementType: elementType)
  }

  /// A batch of examples of the given shape.
  public static func batch(of example: Shape, elementType: ElementType = .float32) -> NodeType {
    NodeType([.batch] + example.dimensions.map(Dimension.fixed), elementType: elementType)
  }

  /// The number of dimensions.
  public var rank: Int { dimensions.count }

  /// Whether the first extent is chosen by each run.
  public var isBatched: Bool {
    if case .symbol? = dimensions.first { true } else { false }
  }

  /// The fixed extents: of one example if the node is batched, else of the whole.
  public var fixedShape: Shape {
    Shape(dimensions.compactMap(\.fixedValue))
  }

  /// The shape with `batch` examples.
  public func shape(batch: Int) -> Shape {
    Shape(dimensions.map { $0.fixedValue ?? batch })
  }

  /// The number of elements with `batch` examples.
  ///
  /// Allocates nothing: steps call it.
  package func count(batch: Int) -> Int {
    var count = 1
    for dimension in dimensions { count *= dimension.fixedValue ?? batch }
    return count
  }

  /// How many bytes `batch` examples take.
  package func byteCount(batch: Int) -> Int { count(batch: batch) * 4 }

  /// The number of rows when the last dimension is read as columns.
  package func rowCount(batch: Int) -> Int {
    let columns = dimensions.last?.fixedValue ?? 1
    return columns == 0 ? 0 : count(batch: batch) / columns
  }
}

extension NodeType {
  /// Throws if an extent behind the first is a symbol, as in the sum of `[batch]` and `[n, 1]`:
  /// kernels could not find the elements of such an array.
  package func expectLeadingSymbol() throws {
    guard dimensions.dropFirst().contains(where: { $0.fixedValue == nil }) else { return }
    throw ShapeRuleViolation(
      "expects inputs whose result has no symbol behind its first extent; it would be \(self) "
        + "(give each input its own leading extent).")
  }
}

extension NodeType {
  /// The most elements that a value may have, for one example if it is batched.
  package static let mostElements = 1 << 40

  /// Throws if the value would have more elements than can be addressed.
  package func expectAddressable() throws {
    guard let count = fixedShape.checkedCount, count <= Self.mostElements else {
      throw ShapeRuleViolation(
        "expects a result of at most \(Self.mostElements) elements; it would be \(self).")
    }
  }
}

extension NodeType: CustomStringConvertible {
  /// The extents in brackets: `[batch, 28, 28, 1]`, with the element type unless it is `float32`.
  public var description: String {
    let extents = "[" + dimensions.map(\.description).joined(separator: ", ") + "]"
    return elementType == .float32 ? extents : "\(extents) of \(elementType.rawValue)"
  }
}
