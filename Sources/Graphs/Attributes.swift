import Tensors

/// One value in the description of an operation.
public enum AttributeValue: Hashable, Sendable {
  /// A whole number.
  case int(Int)
  /// A number.
  case float(Float)
  /// A truth value.
  case bool(Bool)
  /// A word.
  case string(String)
  /// A list of whole numbers.
  case ints([Int])
  /// A list of numbers.
  case floats([Float])
}

/// The description of an operation: what a model file holds of it.
public typealias Attributes = [String: AttributeValue]

/// Why a description of an operation cannot be used, as a sentence with its subject.
public struct AttributeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// Reads the attributes of an operation strictly: each is read once, with its type and range, and
/// none may be left over.
package final class AttributeReader {
  private let kind: String
  private var remaining: Attributes

  package init(kind: String, attributes: Attributes) {
    self.kind = kind
    self.remaining = attributes
  }

  private func take<Value>(
    _ name: String, _ expectation: String, _ convert: (AttributeValue) -> Value?
  ) throws -> Value {
    guard let value = remaining.removeValue(forKey: name) else {
      throw AttributeError("'\(kind)' lacks the attribute '\(name)', \(expectation).")
    }
    guard let converted = convert(value) else {
      throw AttributeError("The attribute '\(name)' of '\(kind)' must be \(expectation).")
    }
    return converted
  }

  package func int(_ name: String, in range: ClosedRange<Int> = Int.min...Int.max) throws -> Int {
    let bounds = range.lowerBound == Int.min ? "" : " from \(range.lowerBound)"
    return try take(name, "a whole number\(bounds)") {
      if case .int(let value) = $0, range.contains(value) { value } else { nil }
    }
  }

  package func float(_ name: String) throws -> Float {
    try take(name, "a finite number") {
      switch $0 {
      case .float(let value) where value.isFinite: value
      case .int(let value): Float(value)
      default: nil
      }
    }
  }

  package func bool(_ name: String) throws -> Bool {
    try take(name, "true or false") { if case .bool(let value) = $0 { value } else { nil } }
  }

  package func string(_ name: String) throws -> String {
    try take(name, "a word") { if case .string(let value) = $0 { value } else { nil } }
  }

  package func ints(
    _ name: String, count: Int? = nil, in range: ClosedRange<Int>
  ) throws -> [Int] {
    let number = count.map { "\($0) " } ?? ""
    return try take(
      name, "a list of \(number)whole numbers from \(range.lowerBound) to \(range.upperBound)"
    ) {
      guard case .ints(let values) = $0, count == nil || values.count == count,
        values.allSatisfy(range.contains)
      else { return nil }
      return values
    }
  }

  package func floats(_ name: String) throws -> [Float] {
    try take(name, "a list of numbers") {
      switch $0 {
      case .floats(let values) where values.allSatisfy(\.isFinite): values
      case .ints(let values): values.map(Float.init)
      default: nil
      }
    }
  }

  /// Whether the attribute is given as a list of whole numbers.
  package func isList(_ name: String) -> Bool {
    if case .ints? = remaining[name] { true } else { false }
  }

  /// Whether the attribute is given.
  package func has(_ name: String) -> Bool { remaining[name] != nil }

  /// Checks that every attribute was read.
  package func finish() throws {
    guard let name = remaining.keys.min() else { return }
    throw AttributeError("'\(kind)' has no attribute '\(name)'.")
  }
}
