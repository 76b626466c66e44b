/// Reads JSON (RFC 8259) piece by piece, as its caller asks for it, and takes nothing else.
///
/// Stricter than Foundation's decoder: a key that occurs twice in an object is an error, as are text
/// after the value, half a surrogate pair, bytes that are not UTF-8, integers that do not fit `Int`
/// and numbers that do not fit `Double`. Depth is bounded, so hostile nesting cannot exhaust the
/// stack; the number of members is bounded too, and nothing is built that the caller did not ask
/// for, so that a text cannot take many times its own size in memory.
package struct JSONScanner {
  /// The text.
  package let bytes: [UInt8]
  /// How far the text has been read, in bytes.
  package private(set) var position = 0
  private let maximumDepth: Int
  private let maximumMemberCount = 1_000_000
  private var depth = 0

  /// Starts to read a text.
  ///
  /// - Parameter maximumDepth: How many arrays and objects may lie in each other.
  package init(_ bytes: [UInt8], maximumDepth: Int = 64) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  /// The first byte of the next piece, not consumed; nil at the end of the text.
  package mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  /// Reads an object and calls `member` with each key, to read its value.
  package mutating func object(
    _ member: (inout JSONScanner, String) throws(JSONError) -> Void
  ) throws(JSONError) {
    try open(UInt8(ascii: "{"), named: "an object")
    var keys: Set<String> = []
    if !take(UInt8(ascii: "}")) {
      repeat {
        let start = peek().map { _ in position } ?? position
        let key = try string(named: "a key in quotation marks")
        guard keys.insert(key).inserted else {
          throw error(
            at: start, expected: "each key once in an object", found: "\(quoted(key)) again")
        }
        guard keys.count <= maximumMemberCount else {
          throw error(
            at: start, expected: "at most \(maximumMemberCount) members in an object", found: "more"
          )
        }
        guard take(UInt8(ascii: ":")) else { throw error(expected: "':' after a key") }
        try member(&self, key)
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw error(expected: "',' or '}' in an object") }
    }
    depth -= 1
  }

  /// Reads an array and calls `element` before each element, to read it.
  package mutating func array(
    _ element: (inout JSONScanner) throws(JSONError) -> Void
  ) throws(JSONError) {
    try open(UInt8(ascii: "["), named: "an array")
    if !take(UInt8(ascii: "]")) {
      repeat { try element(&self) } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw error(expected: "',' or ']' in an array") }
    }
    depth -= 1
  }

  /// Reads `true`, `false` or `null`; nil stands for null.
  package mutating func literal() throws(JSONError) -> Bool? {
    guard peek() != nil else { throw error(expected: "a value") }
    for (text, value) in [("true", true), ("false", false), ("null", nil as Bool?)]
    where bytes[position...].starts(with: text.utf8) {
      position += text.utf8.count
      return value
    }
    throw error(expected: "a value")
  }

  /// Checks that nothing follows.
  package mutating func end() throws(JSONError) {
    guard peek() == nil else { throw error(expected: "nothing after the value") }
  }

  /// The error of finding something else than `expected` at the next piece, or at `place`.
  package mutating func error(
    at place: Int? = nil, expected: String, found: String? = nil
  ) -> JSONError {
    if place == nil { _ = peek() }
    let offset = place ?? position
    return JSONError(
      in: bytes, at: offset, expected: expected, found: found ?? describedByte(at: offset))
  }

  /// Moves on by `count` bytes that the caller has looked at.
  mutating func advance(by count: Int) {
    position += count
  }

  /// Consumes `byte` if it is the next piece.
  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private mutating func open(_ bracket: UInt8, named name: String) throws(JSONError) {
    guard peek() == bracket else { throw error(expected: name) }
    guard depth < maximumDepth else {
      throw error(
        expected: "at most \(maximumDepth) arrays and objects in each other", found: "more")
    }
    depth += 1
    position += 1
  }

  private func describedByte(at offset: Int) -> String {
    guard offset < bytes.count else { return "the end of the text" }
    let byte = bytes[offset]
    return (0x20..<0x7F).contains(byte)
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
  }
}
