/// The extents of a row-major array, outermost first.
///
///     let images: Shape = [28, 28, 1]  // height, width, channels
///     images.count  // 784
public struct Shape: Hashable, Sendable {
  /// The extents, outermost first.
  ///
  /// Empty for a scalar.
  public var dimensions: [Int]

  /// Creates a shape from its extents, outermost first.
  public init(_ dimensions: [Int]) {
    self.dimensions = dimensions
  }

  /// The number of dimensions.
  public var rank: Int { dimensions.count }

  /// The number of elements: the product of the extents, 1 for a scalar.
  public var count: Int { dimensions.reduce(1, *) }

  /// The extent of one dimension.
  public subscript(index: Int) -> Int { dimensions[index] }

  /// The number of elements, or nil where an extent is negative or the product overflows.
  ///
  /// For shapes that come from a file.
  public var checkedCount: Int? {
    var product = 1
    for extent in dimensions {
      guard extent >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }
}

extension Shape: ExpressibleByArrayLiteral {
  /// Creates a shape from its extents, outermost first.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }
}

extension Shape: CustomStringConvertible {
  /// The extents in brackets: `[28, 28, 1]`.
  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}
