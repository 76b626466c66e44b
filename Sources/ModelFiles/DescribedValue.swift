/// A value in the description of a network, as JSON and YAML have them, with its place in the text.
struct DescribedValue: Sendable {
  /// What the value is.
  enum Content: Sendable {
    case null
    case boolean(Bool)
    /// A number written without fraction and exponent.
    case integer(Int)
    /// Any other number; finite.
    case number(Double)
    case string(String)
    case list([DescribedValue])
    case object([Member])
  }

  /// A member of an object, in the order in which they are written; no key comes twice.
  struct Member: Sendable {
    let key: String
    let keyPosition: TextPosition?
    let value: DescribedValue
  }

  /// A place in a text, both counted from 1.
  struct TextPosition: Sendable, Hashable {
    let line: Int
    let column: Int
  }

  let content: Content
  /// Where the value starts; nil in texts that were written by a program, on one line.
  var position: TextPosition?

  /// The most values in a description: a hundred thousand nodes' worth would not fit it, and it
  /// takes some ten megabytes at most.
  static let maximumCount = 500_000
  /// How many lists and objects may lie in each other.
  static let maximumDepth = 48

  /// What this is, for error messages.
  var summary: String {
    switch content {
    case .null: "nothing"
    case .boolean(let value): String(value)
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .string(let text): "the text \(quoted(text))"
    case .list(let elements) where elements.isEmpty: "an empty list"
    case .list(let elements):
      if let text = Self.numbers(elements) { text } else { "a list of \(elements.count)" }
    case .object(let members) where members.isEmpty: "no names"
    case .object(let members):
      "the name\(members.count == 1 ? "" : "s") "
        + members.prefix(4).map { quoted($0.key) }.joined(separator: ", ")
        + (members.count > 4 ? ", …" : "")
    }
  }

  /// `[3, 5, 7]`, for a short list of numbers.
  private static func numbers(_ elements: [DescribedValue]) -> String? {
    guard elements.count <= 8 else { return nil }
    var texts: [String] = []
    for element in elements {
      switch element.content {
      case .integer(let value): texts.append(String(value))
      case .number(let value): texts.append(String(value))
      default: return nil
      }
    }
    return "[" + texts.joined(separator: ", ") + "]"
  }
}

extension DescribedValue {
  /// Reads a JSON text.
  init(json bytes: [UInt8]) throws(JSONError) {
    var scanner = JSONScanner(bytes, maximumDepth: Self.maximumDepth)
    var budget = Self.maximumCount
    self = try DescribedValue(from: &scanner, budget: &budget)
    try scanner.end()
  }

  private init(from scanner: inout JSONScanner, budget: inout Int) throws(JSONError) {
    budget -= 1
    guard budget >= 0 else {
      throw scanner.error(expected: "at most \(Self.maximumCount) values", found: "more")
    }
    switch scanner.peek() {
    case UInt8(ascii: "{"):
      var members: [Member] = []
      try scanner.object { (scanner, key) throws(JSONError) in
        let value = try DescribedValue(from: &scanner, budget: &budget)
        members.append(Member(key: key, keyPosition: nil, value: value))
      }
      content = .object(members)
    case UInt8(ascii: "["):
      var elements: [DescribedValue] = []
      try scanner.array { (scanner) throws(JSONError) in
        elements.append(try DescribedValue(from: &scanner, budget: &budget))
      }
      content = .list(elements)
    case UInt8(ascii: "\""):
      content = .string(try scanner.string())
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
      switch try scanner.number() {
      case .integer(let integer): content = .integer(integer)
      case .floatingPoint(let number): content = .number(number)
      }
    default:
      content = try scanner.literal().map { .boolean($0) } ?? .null
    }
  }

  init(_ content: Content, at position: TextPosition?) {
    self.content = content
    self.position = position
  }
}
