public import Tensors

/// Memory for up to `capacity` examples, one 64-byte aligned row-major array `[capacity, …]` a
/// field, made once and filled again and again.
///
/// A batch is memory without a lock. Who fills it owns it until the filling call returns; then
/// whoever was given it may read and change it until it is handed back: a batch from
/// ``Batches/next()`` belongs to the caller up to the next call. Several threads may write to it at
/// once as long as no two of them write the same example.
public final class Batch: @unchecked Sendable {
  /// The arrays, inputs first.
  public let fields: [BatchField]
  /// How many examples there is room for.
  public let capacity: Int
  /// How many examples are in it now: the first `count` of every array.
  public var count: Int {
    didSet {
      precondition(
        count >= 0 && count <= capacity, "A batch of \(capacity) cannot hold \(count) examples.")
    }
  }

  private let storage: AlignedBuffer<UInt8>
  private let floatPointers: [UnsafeMutablePointer<Float>?]
  private let integerPointers: [UnsafeMutablePointer<Int32>?]

  /// Creates an empty batch with room for `capacity` examples of every field; all elements are
  /// zero.
  ///
  /// - Throws: `MemoryError` if there is no memory for so many examples.
  /// - Precondition: names are unique, and `capacity` is not negative.
  public init(fields: [BatchField], capacity: Int) throws(MemoryError) {
    precondition(capacity >= 0, "A batch cannot have room for \(capacity) examples.")
    precondition(Set(fields.map(\.name)).count == fields.count, "Two fields share a name.")
    var offsets: [Int] = []
    var size = 0
    for field in fields {
      offsets.append(size)
      // In floating-point numbers first: an integer may not hold the product.
      let product = field.exampleShape.dimensions.reduce(Double(capacity)) { $0 * Double($1) }
      guard product < 0x1p56 else {
        size = -1
        break
      }
      let bytes = capacity * field.exampleShape.count * field.elementType.byteCount
      size += (bytes + 63) / 64 * 64
    }
    let storage = try AlignedBuffer<UInt8>(
      count: size, for: "a batch of \(capacity) example\(capacity == 1 ? "" : "s")")
    let raw = UnsafeMutableRawPointer(storage.pointer)
    var floatPointers: [UnsafeMutablePointer<Float>?] = []
    var integerPointers: [UnsafeMutablePointer<Int32>?] = []
    for (field, offset) in zip(fields, offsets) {
      let length = capacity * field.exampleShape.count
      switch field.elementType {
      case .float32:
        floatPointers.append((raw + offset).bindMemory(to: Float.self, capacity: length))
        integerPointers.append(nil)
      case .int32:
        floatPointers.append(nil)
        integerPointers.append((raw + offset).bindMemory(to: Int32.self, capacity: length))
      }
    }
    self.fields = fields
    self.capacity = capacity
    self.count = 0
    self.storage = storage
    self.floatPointers = floatPointers
    self.integerPointers = integerPointers
  }

  /// The elements of a field of 32-bit floating-point numbers, `[capacity, …]` in row-major order.
  ///
  /// Valid as long as the batch lives.
  ///
  /// - Precondition: the field exists and its elements are `float32`.
  public func floats(_ fieldIndex: Int) -> UnsafeMutablePointer<Float> {
    guard let pointer = floatPointers[fieldIndex] else {
      preconditionFailure("Field \(fieldIndex) of the batch holds integers.")
    }
    return pointer
  }

  /// The elements of a field of 32-bit integers, `[capacity, …]` in row-major order.
  ///
  /// Valid as long as the batch lives.
  ///
  /// - Precondition: the field exists and its elements are `int32`.
  public func integers(_ fieldIndex: Int) -> UnsafeMutablePointer<Int32> {
    guard let pointer = integerPointers[fieldIndex] else {
      preconditionFailure("Field \(fieldIndex) of the batch holds floating-point numbers.")
    }
    return pointer
  }

  /// The position of the field of the given name, nil if there is none.
  public func fieldIndex(named name: String) -> Int? {
    fields.firstIndex { $0.name == name }
  }
}

extension Batch {
  /// Creates a full batch from copies of the given examples, with the fields `"input"` and
  /// `"target"`.
  ///
  /// - Parameters:
  ///   - inputs: One example a row: `[count, …]`.
  ///   - labels: One label an example.
  /// - Throws: ``DatasetError`` if the counts differ.
  public convenience init(inputs: Tensor, labels: [Int32]) throws {
    let dataset = try InMemoryDataset(
      values: [
        .floats("input", inputs), .integers("target", labels, exampleShape: []),
      ], classNames: nil)
    try self.init(allOf: dataset)
  }

  /// Creates a full batch from copies of the given examples, with the fields `"input"` and
  /// `"target"`.
  ///
  /// - Parameters:
  ///   - inputs: One example a row: `[count, …]`.
  ///   - targets: One target a row: `[count, …]`.
  /// - Throws: ``DatasetError`` if the counts differ.
  public convenience init(inputs: Tensor, targets: Tensor) throws {
    try self.init(allOf: InMemoryDataset(inputs: inputs, targets: targets))
  }

  /// Creates a full batch of all examples of a data set, in their order.
  public convenience init(allOf dataset: some Dataset) throws {
    try self.init(fields: dataset.fields, capacity: dataset.count)
    try Array(0..<dataset.count).withUnsafeBufferPointer { try dataset.fill(self, with: $0) }
  }
}

extension ElementType {
  /// The size of one element in bytes.
  package var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    }
  }
}
