/// An owned, row-major, 64-byte aligned array of `Float` with a shape.
///
/// A value: copies are independent, and share memory until one of them is changed.
///
///     var x = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])
///     x[1, 2]  // 6
public struct Tensor: Sendable {
  /// The extents, outermost first.
  public private(set) var shape: Shape
  private var storage: AlignedBuffer<Float>

  /// Creates a tensor of zeros.
  public init(zeros shape: Shape) {
    self.shape = shape
    self.storage = AlignedBuffer(count: shape.count)
  }

  /// Creates a tensor of zeros, if that much memory is available.
  ///
  /// - Throws: `MemoryError` if it is not.
  package init(zeros shape: Shape, for purpose: @autoclosure () -> String) throws(MemoryError) {
    self.shape = shape
    self.storage = try AlignedBuffer(count: shape.checkedCount ?? -1, for: purpose())
  }

  /// Creates a tensor from its elements in row-major order.
  ///
  /// - Precondition: there are `shape.count` elements.
  public init(shape: Shape, _ elements: some Collection<Float>) {
    precondition(
      elements.count == shape.count,
      "A tensor of shape \(shape) has \(shape.count) elements; \(elements.count) were given.")
    self.init(zeros: shape)
    _ = storage.elements.update(fromContentsOf: elements)
  }

  /// Creates a tensor of `shape` and lets `initialize` fill its elements, zero at first, in
  /// row-major order.
  public init(
    shape: Shape, initializingWith initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    self.init(zeros: shape)
    try initialize(storage.elements)
  }

  /// The number of elements.
  public var count: Int { storage.count }

  /// The elements in row-major order.
  public var elements: [Float] { Array(storage.elements) }

  /// The element at the given position, one index a dimension.
  ///
  /// - Precondition: every index lies within its dimension.
  public subscript(position: Int...) -> Float {
    get { storage.pointer[offset(of: position)] }
    set {
      makeUnique()
      storage.pointer[offset(of: position)] = newValue
    }
  }

  /// The same elements in another shape.
  ///
  /// - Precondition: `shape` has as many elements.
  public func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) cannot be read as \(shape).")
    var result = self
    result.shape = shape
    return result
  }

  /// Calls `body` with the elements in row-major order.
  public func withUnsafeElements<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) { try body(UnsafeBufferPointer(storage.elements)) }
  }

  /// Calls `body` with the elements in row-major order, to change them.
  public mutating func withUnsafeMutableElements<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    makeUnique()
    return try withExtendedLifetime(storage) { try body(storage.elements) }
  }

  private mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
  }

  private func offset(of position: [Int]) -> Int {
    precondition(position.count == shape.rank, "\(shape) takes \(shape.rank) indices.")
    var offset = 0
    for (index, extent) in zip(position, shape.dimensions) {
      precondition(index >= 0 && index < extent, "Index \(position) lies outside \(shape).")
      offset = offset * extent + index
    }
    return offset
  }
}

extension Tensor: Equatable {
  /// Whether shapes and elements are equal; NaN is unequal to itself, as in `Float`.
  public static func == (left: Tensor, right: Tensor) -> Bool {
    left.shape == right.shape && left.storage.elements.elementsEqual(right.storage.elements)
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the first elements.
  public var description: String {
    let shown = storage.elements.prefix(8).map { String($0) }.joined(separator: ", ")
    return "Tensor\(shape) [\(shown)\(count > 8 ? ", …" : "")]"
  }
}
