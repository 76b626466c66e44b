import Needletail

extension Shape {
  /// Reads the value of an option: `28x28x1`, `28,28,1` or `784`.
  @Sendable
  init(option text: String) throws {
    try self.init(text, ranks: 1...4, expected: "extents from 1, like 28x28x1 or 784")
  }

  /// Reads the value of an option that is the shape of images: `28x28x1`.
  @Sendable
  init(imageOption text: String) throws {
    try self.init(text, ranks: 3...3, expected: "height, width and channels, like 28x28x1")
  }

  /// The most numbers that an example may have.
  private static let maximumCount = 1 << 28

  private init(_ text: String, ranks: ClosedRange<Int>, expected: String) throws {
    let words = text.split(omittingEmptySubsequences: false) {
      $0 == "x" || $0 == "," || $0 == "×"
    }
    let extents = words.compactMap { Int($0) }
    guard extents.count == words.count, extents.allSatisfy({ $0 >= 1 }),
      ranks.contains(extents.count)
    else {
      throw OptionError(expected: expected, found: OptionError.quoted(text))
    }
    let shape = Shape(extents)
    guard let count = shape.checkedCount, count <= Self.maximumCount else {
      throw OptionError(
        expected: "a shape of at most \(NumberText.grouped(Self.maximumCount)) numbers",
        found: OptionError.quoted(text))
    }
    self = shape
  }
}
