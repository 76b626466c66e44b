/// Why a text is not the JSON that was expected.
package struct JSONError: Error, Sendable, Hashable {
  /// Where, in bytes from the start of the text.
  package let offset: Int
  /// Where: the line, from 1.
  package let line: Int
  /// Where: the character of the line, from 1.
  package let column: Int
  /// What should stand there.
  package let expected: String
  /// What stands there.
  package let found: String

  /// Creates the error for a place in a text; counts its line and column.
  package init(in text: [UInt8], at offset: Int, expected: String, found: String) {
    var line = 1
    var column = 1
    for byte in text.prefix(offset) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        // The later bytes of a UTF-8 character do not count.
        column += 1
      }
    }
    self.offset = offset
    self.line = line
    self.column = column
    self.expected = expected
    self.found = found
  }
}

extension JSONError: CustomStringConvertible {
  /// The place, what was expected there and what was found.
  package var description: String {
    "line \(line), column \(column): expected \(expected), found \(found)"
  }
}
