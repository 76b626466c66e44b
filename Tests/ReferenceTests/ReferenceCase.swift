import ModelFiles
import Tensors

/// A recorded computation: inputs, attributes, and what must come out of them.
///
/// A runner reads the inputs and attributes by their names, computes, and calls ``check`` for every
/// output and gradient.
final class ReferenceCase {
  /// How far a value may lie from the recorded one: `atol + rtol * M`.
  enum Comparison: String {
    /// M is the largest magnitude of the recorded tensor.
    case max
    /// M is the magnitude of the recorded element.
    case element
  }

  let id: String
  let op: String
  /// What did not agree, a line a tensor.
  private(set) var failures: [String] = []

  private let attributes: JSONObject
  /// The tensors in the file under their names in the case.
  private let tensors: [String: String]
  private let results: [String]
  private let comparison: Comparison
  private let relativeTolerance: Double
  private let absoluteTolerance: Double
  private let file: SafetensorsFile
  private var checked: Set<String> = []
  private var attributesRead: Set<String> = []

  /// Creates a case from its entry in the manifest and the file that the entry names.
  init(_ entry: JSONValue, file: SafetensorsFile) throws {
    let entry = try entry.members("a case")
    id = try entry.string("id")
    op = try entry.string("op")
    attributes = try entry.required("attrs").members("attrs")
    var tensors: [String: String] = [:]
    var results: [String] = []
    for group in ["inputs", "outputs", "grads"] {
      for (name, value) in try entry.required(group).members(group) {
        guard case .string(let stored) = value, tensors.updateValue(stored, forKey: name) == nil
        else { throw ReferenceError("\(id): \(group) name the tensor \(name) wrongly or again.") }
        if group != "inputs" { results.append(name) }
      }
    }
    self.tensors = tensors
    self.results = results
    let compare = try entry.string("compare")
    guard let comparison = Comparison(rawValue: compare),
      let rtol = try entry.required("rtol").doubleValue,
      let atol = try entry.required("atol").doubleValue
    else { throw ReferenceError("\(id): compare, rtol or atol is not understood.") }
    self.comparison = comparison
    relativeTolerance = rtol
    absoluteTolerance = atol
    self.file = file
  }

  // Tensors: inputs by their names, outputs and gradients likewise.

  /// Whether the case has a tensor of this name.
  func has(_ name: String) -> Bool { tensors[name] != nil }

  /// The elements of a tensor of floating-point numbers.
  func floats(_ name: String) throws -> [Float] { try file.floats(named: stored(name)) }

  /// The elements of a tensor of integers.
  func integers(_ name: String) throws -> [Int] { try file.integers(named: stored(name)) }

  /// A tensor of floating-point numbers with its shape.
  func tensor(_ name: String) throws -> Tensor { try file.tensor(named: stored(name)) }

  /// The shape of a tensor.
  func shape(_ name: String) throws -> Shape {
    guard let entry = file[try stored(name)] else {
      throw ReferenceError("\(id): the tensor \(name) is not in \(file.path).")
    }
    return entry.shape
  }

  // Attributes.

  /// An attribute; nil where the case has none of this name.
  func attribute(_ name: String) -> JSONValue? {
    attributesRead.insert(name)
    return attributes[name]
  }

  /// A number, or `fallback` where the case does not give it.
  func number(_ name: String, default fallback: Double? = nil) throws -> Double {
    try value(name, fallback) { $0.doubleValue }
  }

  /// An integer, or `fallback` where the case does not give it.
  func integer(_ name: String, default fallback: Int? = nil) throws -> Int {
    try value(name, fallback) { if case .integer(let value) = $0 { value } else { nil } }
  }

  /// A list of integers, or of `count` times the same where the case gives only one.
  func integerList(_ name: String, count: Int, default fallback: [Int]? = nil) throws -> [Int] {
    try value(name, fallback) { value in
      switch value {
      case .integer(let value): return Array(repeating: value, count: count)
      case .array(let elements):
        let integers = elements.compactMap { element in
          if case .integer(let value) = element { value } else { nil as Int? }
        }
        return integers.count == count && elements.count == count ? integers : nil
      default: return nil
      }
    }
  }

  /// A truth value, or `fallback` where the case does not give it.
  func boolean(_ name: String, default fallback: Bool? = nil) throws -> Bool {
    try value(name, fallback) { if case .boolean(let value) = $0 { value } else { nil } }
  }

  /// A text, or `fallback` where the case does not give it.
  func string(_ name: String, default fallback: String? = nil) throws -> String {
    try value(name, fallback) { if case .string(let value) = $0 { value } else { nil } }
  }

  // Results.

  /// Compares what was computed with the output or gradient that was recorded.
  ///
  /// - Parameter shape: The computed shape; without one, only the numbers of elements are compared.
  func check(_ name: String, actual: [Float], shape: Shape? = nil) throws {
    try check(name, actual: actual.map { Double($0) }, shape: shape)
  }

  /// Compares a computed tensor with the output or gradient that was recorded.
  func check(_ name: String, actual: Tensor) throws {
    try check(name, actual: actual.elements, shape: actual.shape)
  }

  /// Compares computed integers with the output that was recorded.
  func check(_ name: String, actual: [Int], shape: Shape? = nil) throws {
    try check(name, actual: actual.map { Double($0) }, shape: shape)
  }

  /// Compares a computed number with the output that was recorded.
  func check(_ name: String, actual: Double) throws {
    try check(name, actual: [actual], shape: nil)
  }

  /// Compares what was computed with the output or gradient that was recorded.
  ///
  /// - Parameter shape: The computed shape; without one, only the numbers of elements are compared.
  func check(_ name: String, actual: [Double], shape: Shape? = nil) throws {
    checked.insert(name)
    let recordedShape = try self.shape(name)
    guard shape ?? recordedShape == recordedShape, actual.count == recordedShape.count else {
      failures.append(
        "\(id), tensor \(name): expected the shape \(recordedShape), "
          + "found \(shape.map { "\($0)" } ?? "no shape") of \(actual.count) elements")
      return
    }
    let expected = try recorded(name)
    let largest = expected.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    var mismatches: [(index: Int, excess: Double)] = []
    for (index, (found, wanted)) in zip(actual, expected).enumerated() {
      if found == wanted || (found.isNaN && wanted.isNaN) { continue }
      let scale = comparison == .max ? largest : wanted.magnitude
      let allowed = absoluteTolerance + relativeTolerance * scale
      let error = (found - wanted).magnitude
      // Not `error > allowed`, which would let NaN pass; and infinity allows no other value.
      if !(wanted.isFinite && error <= allowed) {
        mismatches.append((index, error.isFinite ? error / allowed : .infinity))
      }
    }
    guard let first = mismatches.first else { return }
    let worst = mismatches.reduce(first) { $1.excess > $0.excess ? $1 : $0 }
    func described(_ index: Int) -> String {
      "index \(position(of: index, in: recordedShape)): expected \(expected[index]), "
        + "found \(actual[index])"
    }
    failures.append(
      "\(id), tensor \(name), \(described(first.index)) (\(mismatches.count) of "
        + "\(expected.count) elements disagree; worst, \(described(worst.index)))")
  }

  /// Checks that the runner compared every output and gradient.
  func finish() {
    for name in results where !checked.contains(name) {
      failures.append("\(id), tensor \(name): the runner did not check it")
    }
    let ignored = attributes.keys.filter { !attributesRead.contains($0) }
    if !failures.isEmpty && !ignored.isEmpty {
      failures.append("\(id): the runner did not read \(ignored.joined(separator: ", "))")
    }
  }

  /// Notes that the case failed as a whole.
  func fail(_ text: String) {
    failures.append("\(id): \(text)")
  }

  private func recorded(_ name: String) throws -> [Double] {
    let stored = try stored(name)
    switch file[stored]?.elementType {
    case .float64:
      return try file.withUnsafeBytes(ofTensor: stored) { bytes in
        stride(from: 0, to: bytes.count, by: 8).map {
          bytes.loadUnaligned(fromByteOffset: $0, as: Double.self)
        }
      }
    case .float32, .float16, .bfloat16: return try file.floats(named: stored).map { Double($0) }
    default: return try file.integers(named: stored).map { Double($0) }
    }
  }

  private func stored(_ name: String) throws -> String {
    guard let stored = tensors[name] else {
      throw ReferenceError("\(id): the case has no tensor \(name).")
    }
    return stored
  }

  private func value<Value>(
    _ name: String, _ fallback: Value?, _ converted: (JSONValue) -> Value?
  ) throws -> Value {
    guard let found = attribute(name) else {
      guard let fallback else { throw ReferenceError("\(id): the attribute \(name) is missing.") }
      return fallback
    }
    guard let value = converted(found) else {
      throw ReferenceError("\(id): the attribute \(name) is \(found.canonicalText).")
    }
    return value
  }
}

/// The indices of an element, one a dimension.
private func position(of index: Int, in shape: Shape) -> [Int] {
  var rest = index
  var position: [Int] = []
  for extent in shape.dimensions.reversed() {
    position.insert(rest % extent, at: 0)
    rest /= extent
  }
  return position
}
