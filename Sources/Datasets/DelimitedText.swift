import FilePaths

/// Rows of fields in text, as spreadsheets and scripts write them: RFC 4180, parted by commas, semicolons
/// or tabs.
package struct DelimitedText: Sendable {
  /// A row that is not blank.
  package struct Row: Sendable {
    /// The number of the line that it begins on, from 1.
    package let line: Int
    /// Its fields, without quotes and the blanks around.
    package let fields: [String]
  }

  /// The rows.
  package let rows: [Row]

  /// Reads text in UTF-8, or in another encoding that writes ASCII as such, like Latin-1; a byte-order mark
  /// is skipped.
  ///
  /// What parts fields is the one of comma, semicolon and tab that the first line has most of, outside of
  /// quotes. A field that is not UTF-8 is given in its text form (`PathText`), as names of files are.
  ///
  /// - Parameter name: What to call the text in errors.
  /// - Throws: ``DatasetError`` where it is UTF-16 or no text, or a quoted field does not end.
  package init(_ bytes: [UInt8], name: String) throws {
    var bytes = bytes[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let isWide = [[0xFF, 0xFE], [0xFE, 0xFF]].contains { bytes.starts(with: $0) }
    guard !isWide, !bytes.contains(0) else {
      throw DatasetError(
        .malformed, at: name, expected: "text in UTF-8, or another that writes ASCII as such",
        found: isWide ? "UTF-16 or UTF-32" : "bytes that are zero", advice: "save it as UTF-8")
    }
    var reader = Reader(bytes: Array(bytes), separator: Self.separator(of: bytes), name: name)
    rows = try reader.rows()
  }

  /// What parts the fields of the first line.
  private static func separator(of bytes: ArraySlice<UInt8>) -> UInt8 {
    var counts = [0, 0, 0]
    let separators = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    var isQuoted = false
    for byte in bytes {
      if byte == quote { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == lineFeed || byte == carriageReturn { break }
      if let index = separators.firstIndex(of: byte) { counts[index] += 1 }
    }
    let most = counts.max() ?? 0
    return separators[counts.firstIndex(of: most) ?? 0]
  }

  private static let mostFieldBytes = 4096
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let quote = UInt8(ascii: "\"")

  private struct Reader {
    let bytes: [UInt8]
    let separator: UInt8
    let name: String
    var position = 0
    var line = 1

    init(bytes: [UInt8], separator: UInt8, name: String) {
      self.bytes = bytes
      self.separator = separator
      self.name = name
    }

    mutating func rows() throws -> [Row] {
      var rows: [Row] = []
      while position < bytes.count {
        let start = line
        var fields: [String] = []
        repeat { fields.append(try field()) } while take(separator)
        endLine()
        if fields.contains(where: { !$0.isEmpty }) { rows.append(Row(line: start, fields: fields)) }
      }
      return rows
    }

    private mutating func field() throws -> String {
      while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
      guard position < bytes.count, bytes[position] == quote else {
        let start = position
        while position < bytes.count, bytes[position] != separator, !isEnd(bytes[position]) {
          position += 1
        }
        var end = position
        while end > start, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return try text(bytes[start..<end])
      }
      return try quotedField()
    }

    private mutating func quotedField() throws -> String {
      let start = line
      position += 1
      var text: [UInt8] = []
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == lineFeed { line += 1 }
        if byte != quote {
          text.append(byte)
        } else if !take(quote) {
          while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
          guard position == bytes.count || bytes[position] == separator || isEnd(bytes[position])
          else {
            throw error(start, "a separator behind the closing quote", "more text")
          }
          return try self.text(text[...])
        } else {
          text.append(quote)
        }
      }
      throw error(start, "a closing quote", "the end of the text")
    }

    /// A field's text; no name or label is longer, and piles of combining marks would take minutes to compare.
    private func text(_ bytes: ArraySlice<UInt8>) throws -> String {
      guard bytes.count <= DelimitedText.mostFieldBytes else {
        throw error(
          line, "fields of at most \(DelimitedText.mostFieldBytes) bytes", "\(bytes.count) bytes")
      }
      return String(validating: bytes, as: UTF8.self) ?? PathText.encode(bytes)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard position < bytes.count, bytes[position] == byte else { return false }
      position += 1
      return true
    }

    private mutating func endLine() {
      if take(carriageReturn) { _ = take(lineFeed) } else { _ = take(lineFeed) }
      line += 1
    }

    private func isEnd(_ byte: UInt8) -> Bool { byte == lineFeed || byte == carriageReturn }

    private func error(_ line: Int, _ expected: String, _ found: String) -> DatasetError {
      DatasetError(
        .malformed, at: "\(name), line \(line)", expected: expected, found: found,
        advice: "write fields with quotes or separators as \"…\", quotes in them twice")
    }
  }
}
