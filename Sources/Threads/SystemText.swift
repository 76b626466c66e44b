import FilePaths

/// The text files in which Linux tells about itself, below a folder that tests can choose.
package struct SystemText: Sendable {
  /// The folder that stands for `/`, without a slash at the end.
  private let root: String

  /// `/proc/cpuinfo` of a machine with 1000 processors has 2 MB; what is longer than this is cut.
  private static let maximumLength = 8 << 20

  package init(root: String = "") {
    self.root = root
  }

  /// The content of the file at an absolute path, or `nil` if it cannot be read.
  ///
  /// Nothing that these files tell is needed, so a missing one is no error.
  package func text(of path: String) -> String? {
    FileSystem.contents(of: root + path, limit: Self.maximumLength)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// The first line of a file without the white space around it.
  package func line(_ path: String) -> String? {
    guard let text = text(of: path) else { return nil }
    return text.split(separator: "\n", omittingEmptySubsequences: false).first.map { trimmed($0) }
  }
}

/// A text without the spaces and tabs at its ends.
func trimmed(_ text: Substring) -> String {
  let isSpace = { (character: Character) in character == " " || character == "\t" }
  let start = text.drop(while: isSpace)
  guard let last = start.lastIndex(where: { !isSpace($0) }) else { return "" }
  return String(start[...last])
}
