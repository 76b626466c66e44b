/// A JSON number: with neither fraction nor exponent an integer, otherwise floating-point.
package enum JSONNumber: Sendable, Hashable {
  case integer(Int)
  case floatingPoint(Double)
}

extension JSONScanner {
  /// Reads a number.
  package mutating func number(named name: String = "a number") throws(JSONError) -> JSONNumber {
    guard peek() != nil else { throw error(expected: name) }
    let start = position
    let isNegative = byte() == UInt8(ascii: "-")
    if isNegative { advance(by: 1) }
    if byte() == UInt8(ascii: "0") {
      advance(by: 1)
      if isDigit(byte()) {
        throw error(at: start, expected: name, found: "a number with a leading zero")
      }
    } else {
      guard isDigit(byte()) else {
        throw isNegative
          ? error(at: position, expected: "a digit after '-'") : error(at: start, expected: name)
      }
      skipDigits()
    }
    var isInteger = true
    if byte() == UInt8(ascii: ".") {
      isInteger = false
      advance(by: 1)
      guard isDigit(byte()) else { throw error(at: position, expected: "a digit after '.'") }
      skipDigits()
    }
    if byte() == UInt8(ascii: "e") || byte() == UInt8(ascii: "E") {
      isInteger = false
      advance(by: 1)
      if byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-") { advance(by: 1) }
      guard isDigit(byte()) else {
        throw error(at: position, expected: "a digit in the exponent")
      }
      skipDigits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // The sign of -0 is kept, which an integer cannot do.
    if isInteger && text != "-0" {
      guard let integer = Int(text) else {
        throw error(at: start, expected: "an integer of at most 64 bits", found: shortened(text))
      }
      return .integer(integer)
    }
    guard let value = Double(text), value.isFinite else {
      throw error(at: start, expected: "a number below 1.8e308", found: shortened(text))
    }
    return .floatingPoint(value)
  }

  /// Reads an integer.
  package mutating func integer(named name: String = "an integer") throws(JSONError) -> Int {
    _ = peek()
    let start = position
    guard case .integer(let integer) = try number(named: name) else {
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      throw error(at: start, expected: name, found: shortened(text))
    }
    return integer
  }

  /// Reads a string.
  package mutating func string(named name: String = "a string") throws(JSONError) -> String {
    guard peek() == UInt8(ascii: "\"") else { throw error(expected: name) }
    let opening = position
    advance(by: 1)
    var text: [UInt8] = []
    var run = position
    while true {
      guard let next = byte() else {
        throw error(at: opening, expected: "a closing quotation mark", found: "none")
      }
      switch next {
      case UInt8(ascii: "\""):
        text += bytes[run..<position]
        advance(by: 1)
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error(at: opening, expected: "a string in UTF-8", found: "other bytes")
        }
        guard !string.pilesUpMarks else {
          throw error(
            at: opening, expected: "a string of readable text",
            found: "hundreds of combining marks on one character")
        }
        return string
      case UInt8(ascii: "\\"):
        text += bytes[run..<position]
        try appendEscapedCharacter(to: &text)
        run = position
      case 0..<0x20:
        throw error(at: position, expected: "control characters as escapes")
      default:
        advance(by: 1)
      }
    }
  }

  /// Reads an escape from its backslash on and appends its UTF-8.
  private mutating func appendEscapedCharacter(to text: inout [UInt8]) throws(JSONError) {
    let start = position
    advance(by: 1)
    let letter = byte()
    advance(by: letter == nil ? 0 : 1)
    switch letter {
    case UInt8(ascii: "\""): return text.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): return text.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "/"): return text.append(UInt8(ascii: "/"))
    case UInt8(ascii: "b"): return text.append(0x08)
    case UInt8(ascii: "f"): return text.append(0x0C)
    case UInt8(ascii: "n"): return text.append(0x0A)
    case UInt8(ascii: "r"): return text.append(0x0D)
    case UInt8(ascii: "t"): return text.append(0x09)
    case UInt8(ascii: "u"): break
    default:
      throw error(at: start, expected: "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
    }
    var value = try hexadecimalDigits()
    if (0xD800..<0xDC00).contains(value), byte() == UInt8(ascii: "\\") {
      advance(by: 1)
      guard byte() == UInt8(ascii: "u") else {
        throw error(at: start, expected: "both halves of a surrogate pair", found: "one")
      }
      advance(by: 1)
      let low = try hexadecimalDigits()
      guard (0xDC00..<0xE000).contains(low) else {
        throw error(at: start, expected: "both halves of a surrogate pair", found: "one")
      }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw error(at: start, expected: "both halves of a surrogate pair", found: "one")
    }
    text += String(Character(scalar)).utf8
  }

  private mutating func hexadecimalDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = byte(), let nibble = Character(Unicode.Scalar(digit)).hexDigitValue else {
        throw error(at: position, expected: "four hexadecimal digits after \\u")
      }
      value = value << 4 + UInt32(nibble)
      advance(by: 1)
    }
    return value
  }

  /// The byte at the position, white space included.
  private func byte() -> UInt8? {
    position < bytes.count ? bytes[position] : nil
  }

  private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func skipDigits() {
    while isDigit(byte()) { advance(by: 1) }
  }
}
