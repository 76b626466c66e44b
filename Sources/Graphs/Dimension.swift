/// One extent of a node's shape: known when the graph is built, or chosen by each run.
public enum Dimension: Hashable, Sendable {
  /// An extent known when the graph is built.
  case fixed(Int)
  /// An extent that each run chooses, up to the maximum for which the graph was planned.
  case symbol(String)

  /// The number of examples that run together.
  public static let batch = Dimension.symbol("batch")

  /// The extent if it is known when the graph is built.
  public var fixedValue: Int? {
    if case .fixed(let value) = self { value } else { nil }
  }
}

extension Dimension: ExpressibleByIntegerLiteral {
  /// Creates a fixed extent.
  public init(integerLiteral value: Int) {
    self = .fixed(value)
  }
}

extension Dimension: CustomStringConvertible {
  /// The number, or the symbol's name.
  public var description: String {
    switch self {
    case .fixed(let value): String(value)
    case .symbol(let name): name
    }
  }
}
