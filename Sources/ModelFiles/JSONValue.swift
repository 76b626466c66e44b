/// A JSON text as a value.
package enum JSONValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  /// A number written without fraction and exponent.
  case integer(Int)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The number whose shortest text is that of a `Float`: 0.1, and not 0.10000000149011612.
  ///
  /// Converts back to the same `Float`.
  package static func float(_ value: Float) -> JSONValue {
    guard value.isFinite, let short = Double(value.description), Float(short) == value else {
      return .number(Double(value))
    }
    return .number(short)
  }

  /// The value of an integer or of another number; nil for anything else.
  package var doubleValue: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// What kind of value this is, for error messages: "a number", "an object", ….
  package var kind: String {
    switch self {
    case .null: "null"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue {
  /// Reads a JSON text; see ``JSONScanner`` for what is refused.
  ///
  /// - Parameters:
  ///   - bytes: The text in UTF-8.
  ///   - maximumDepth: How many arrays and objects may lie in each other.
  package init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(JSONError) {
    var scanner = JSONScanner(bytes, maximumDepth: maximumDepth)
    self = try JSONValue(from: &scanner)
    try scanner.end()
  }

  /// Reads the next value of a text.
  package init(from scanner: inout JSONScanner) throws(JSONError) {
    switch scanner.peek() {
    case UInt8(ascii: "{"):
      var members = JSONObject()
      try scanner.object { (scanner, key) throws(JSONError) in
        members[key] = try JSONValue(from: &scanner)
      }
      self = .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try scanner.array { (scanner) throws(JSONError) in
        elements.append(try JSONValue(from: &scanner))
      }
      self = .array(elements)
    case UInt8(ascii: "\""):
      self = .string(try scanner.string())
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
      switch try scanner.number() {
      case .integer(let integer): self = .integer(integer)
      case .floatingPoint(let number): self = .number(number)
      }
    default:
      self = try scanner.literal().map { .boolean($0) } ?? .null
    }
  }
}
