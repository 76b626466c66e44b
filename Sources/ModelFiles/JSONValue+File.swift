extension JSONValue {
  /// Reads a file of JSON; see ``JSONScanner`` for what is refused.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - maximumSize: The size in bytes beyond which the file is refused unread; a value takes some
  ///     ten times the size of its text in memory.
  /// - Throws: ``ModelFileError`` where the file cannot be read or is not JSON.
  package init(path: String, maximumSize: Int = 16_000_000) throws(ModelFileError) {
    let bytes = try readFile(path, maximumSize: maximumSize)
    do throws(JSONError) {
      try self.init(parsing: bytes)
    } catch {
      throw ModelFileError(
        file: path, location: .text(line: error.line, column: error.column),
        expected: error.expected, found: error.found, advice: "Correct the file at this place.")
    }
  }
}

/// The bytes of a regular file.
///
/// - Parameter maximumSize: The size in bytes beyond which the file is refused unread.
/// - Throws: ``ModelFileError`` where the file cannot be read or is larger.
package func readFile(_ path: String, maximumSize: Int) throws(ModelFileError) -> [UInt8] {
  let file = try OpenFile(path: path)
  guard file.count <= maximumSize else {
    throw ModelFileError(
      file: path, expected: "at most \(maximumSize) bytes", found: "\(file.count)",
      advice: "Check whether this is the right file.")
  }
  guard
    let contents = try FileContents(
      count: file.count,
      fill: { (buffer) throws(ModelFileError) in
        try file.read(into: buffer)
      })
  else {
    throw ModelFileError(
      file: path, expected: "\(file.count) bytes of memory", found: "less",
      advice: "Free memory, or use a machine with more of it.")
  }
  try file.checkEnd()
  return Array(contents.bytes)
}
