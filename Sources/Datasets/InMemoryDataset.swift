public import Tensors

/// Examples held in memory as they will be used.
///
///     let data = try InMemoryDataset(inputs: measurements, labels: species)
///
/// The tensors are shared, not copied.
public struct InMemoryDataset: Dataset {
  /// The values of one field for all examples.
  public enum Values: Sendable {
    /// Floating-point numbers: one example a row of a tensor `[count, …]`.
    case floats(_ name: String, Tensor)
    /// Integers: `count` examples of `exampleShape`, one after the other in row-major order.
    case integers(_ name: String, [Int32], exampleShape: Shape)

    var name: String {
      switch self {
      case .floats(let name, _), .integers(let name, _, _): name
      }
    }
  }

  /// The number of examples.
  public let count: Int
  /// The arrays that make up an example, in the order given.
  public let fields: [BatchField]
  /// The names of the classes by label.
  public let classNames: [String]?
  /// The label of every example, nil where targets are no labels.
  public let labels: [Int32]?
  /// True.
  public var isInMemory: Bool { true }

  private let values: [Values]
  private let exampleCounts: [Int]

  /// Creates a data set for regression, or with targets of any shape.
  ///
  /// - Parameters:
  ///   - inputs: One example a row: `[count, …]`.
  ///   - targets: One target a row: `[count, …]`.
  /// - Throws: ``DatasetError`` if the counts differ or are zero.
  public init(inputs: Tensor, targets: Tensor) throws {
    try self.init(values: [.floats("input", inputs), .floats("target", targets)])
  }

  /// Creates a data set for classification.
  ///
  /// - Parameters:
  ///   - inputs: One example a row: `[count, …]`.
  ///   - labels: The class of every example, from 0.
  ///   - classNames: The names of the classes by label.
  /// - Throws: ``DatasetError`` if the counts differ or are zero, or if a label is negative or has
  ///   no name in `classNames`.
  public init(inputs: Tensor, labels: [Int32], classNames: [String]? = nil) throws {
    try checkLabels(labels, classCount: classNames?.count, place: "labels")
    try self.init(
      values: [.floats("input", inputs), .integers("target", labels, exampleShape: [])],
      classNames: classNames)
  }

  /// Creates a data set of any fields: several inputs, token sequences, masks, weights.
  ///
  /// A field of integers named `"target"` with one number an example gives the ``labels``.
  ///
  /// - Parameters:
  ///   - values: The values of every field, inputs first.
  ///   - classNames: The names of the classes by label.
  /// - Throws: ``DatasetError`` if the counts differ or are zero, or two fields share a name.
  public init(values: [Values], classNames: [String]? = nil) throws {
    var fields: [BatchField] = []
    var counts: [Int] = []
    var labels: [Int32]?
    for value in values {
      switch value {
      case .floats(let name, let tensor):
        guard tensor.shape.rank > 0 else {
          throw DatasetError(
            .mismatched, at: "\"\(name)\"", expected: "one example a row: [count, …]",
            found: "a single number", advice: "give the tensor a first dimension")
        }
        let shape = Shape(Array(tensor.shape.dimensions.dropFirst()))
        fields.append(BatchField(name: name, elementType: .float32, exampleShape: shape))
        counts.append(tensor.shape[0])
      case .integers(let name, let elements, let shape):
        guard let size = shape.checkedCount, size > 0, elements.count % size == 0 else {
          throw DatasetError(
            .mismatched, at: "\"\(name)\"", expected: "whole examples of shape \(shape)",
            found: "\(elements.count) integers", advice: "check the shape of an example")
        }
        fields.append(BatchField(name: name, elementType: .int32, exampleShape: shape))
        counts.append(elements.count / size)
        if name == "target" && shape.rank == 0 { labels = elements }
      }
    }
    guard let count = counts.first, count > 0 else {
      throw DatasetError(
        .mismatched, at: "data set", expected: "at least one example", found: "none",
        advice: "check where the values come from")
    }
    for (field, other) in zip(fields, counts) where other != count {
      throw DatasetError(
        .mismatched, at: "\"\(field.name)\"",
        expected: "\(counted(count, "example")), as many as in \"\(fields[0].name)\"",
        found: "\(other)", advice: "give every field one row an example")
    }
    guard Set(fields.map(\.name)).count == fields.count else {
      throw DatasetError(
        .mismatched, at: "data set", expected: "a name of its own for every field",
        found: fields.map { "\"\($0.name)\"" }.joined(separator: ", "), advice: "rename one")
    }
    self.count = count
    self.fields = fields
    self.classNames = classNames
    self.labels = labels
    self.values = values
    self.exampleCounts = fields.map(\.exampleShape.count)
  }

  /// Copies the examples at `indices` to their places.
  ///
  /// Never throws.
  public func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) {
    checkPlaces(of: indices, at: slot, in: batch, exampleCount: count)
    for field in 0..<values.count {
      let size = exampleCounts[field]
      switch values[field] {
      case .floats(_, let tensor):
        let destination = batch.floats(field) + slot * size
        tensor.withUnsafeElements { copyExamples(indices, of: size, from: $0, to: destination) }
      case .integers(_, let elements, _):
        let destination = batch.integers(field) + slot * size
        elements.withUnsafeBufferPointer {
          copyExamples(indices, of: size, from: $0, to: destination)
        }
      }
    }
  }
}

extension InMemoryDataset {
  /// A checksum of all values of the examples at `indices`, field by field.
  public func fingerprint(of indices: [Int]) -> DataFingerprint? {
    var checksum = ContentChecksum()
    for (value, size) in zip(values, exampleCounts) {
      switch value {
      case .floats(_, let tensor):
        tensor.withUnsafeElements { checksum.add(rows: indices, of: size, from: $0) }
      case .integers(_, let elements, _):
        elements.withUnsafeBufferPointer { checksum.add(rows: indices, of: size, from: $0) }
      }
    }
    return DataFingerprint(content: checksum.text)
  }
}

/// Copies the rows at `indices`, `size` elements each.
private func copyExamples<Element: BitwiseCopyable>(
  _ indices: UnsafeBufferPointer<Int>, of size: Int, from source: UnsafeBufferPointer<Element>,
  to destination: UnsafeMutablePointer<Element>
) {
  guard let base = source.baseAddress, size > 0 else { return }
  for (place, index) in indices.enumerated() {
    (destination + place * size).update(from: base + index * size, count: size)
  }
}

/// Traps on an example that does not exist or a place outside of the batch: in release too, because
/// what follows works on bare memory.
package func checkPlaces(
  of indices: UnsafeBufferPointer<Int>, at slot: Int, in batch: Batch, exampleCount: Int
) {
  precondition(
    slot >= 0 && slot + indices.count <= batch.capacity,
    "A batch of \(batch.capacity) has no places \(slot)..<\(slot + indices.count).")
  for index in indices {
    precondition(
      index >= 0 && index < exampleCount, "There is no example \(index) among \(exampleCount).")
  }
}

/// Throws unless every label names a class.
///
/// - Parameter classCount: How many classes there are; nil where only negative labels are wrong.
package func checkLabels(_ labels: [Int32], classCount: Int?, place: String) throws {
  let limit = Int32(clamping: classCount ?? Int(Int32.max))
  for (index, label) in labels.enumerated() where label < 0 || label >= limit {
    throw DatasetError(
      .mismatched, at: "\(place), example \(index)",
      expected: classCount.map { "a label from 0 to \($0 - 1)" } ?? "a label from 0",
      found: "\(label)", advice: "number the classes from 0 and name every one")
  }
}
