#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

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
    let file = open(root + path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    // These files have no size to ask for: they are written while they are read.
    while bytes.count < Self.maximumLength {
      let piece = 1 << 16
      var received = 0
      bytes += Array(unsafeUninitializedCapacity: piece) { buffer, count in
        received = read(file, buffer.baseAddress, piece)
        count = max(received, 0)
      }
      if received < 0 { return nil }
      if received == 0 { break }
    }
    return String(decoding: bytes, as: UTF8.self)
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
