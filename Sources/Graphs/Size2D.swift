/// A height and a width.
///
/// A whole number stands for a square: `kernelSize: 3`.
public struct Size2D: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// Creates a size.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates a square.
  public init(_ side: Int) {
    self.init(height: side, width: side)
  }

  /// Creates a square.
  public init(integerLiteral value: Int) {
    self.init(value)
  }

  /// `3×5`.
  public var description: String { "\(height)×\(width)" }

  /// The number of positions.
  public var area: Int { height * width }
}

/// What lies around an image where a window reaches past its border: zeros for a convolution,
/// nothing for a pooling.
public enum Padding: Hashable, Sendable {
  /// Nothing: the window stays inside.
  case valid
  /// As much as makes the output ⌈input / stride⌉ large; where that is odd the extra row or column
  /// goes to the end (TensorFlow's convention).
  case same
  /// The given numbers of rows and columns.
  case explicit(top: Int, left: Int, bottom: Int, right: Int)

  /// The same number of rows and columns on all sides.
  public static func uniform(_ count: Int) -> Padding {
    .explicit(top: count, left: count, bottom: count, right: count)
  }
}
