import Datasets

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why standard input or output failed.
struct StreamError: Error, CustomStringConvertible {
  let stream: String
  /// The system's error number.
  let number: Int32

  var description: String { "\(stream): \(String(cString: strerror(number)))." }
}

/// Results.
///
/// Unbuffered: what was found before an error, or before the reader waits for it, is out.
enum StandardOutput {
  /// Whether a person may be watching.
  static let isTerminal = isatty(STDOUT_FILENO) == 1

  /// The width of the terminal in characters; 80 where it is not known.
  static var columnCount: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes a line.
  static func line(_ text: String) throws { try write(text + "\n") }

  /// Writes a text as it is.
  static func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        systemWrite(STDOUT_FILENO, buffer.baseAddress.map { $0 + start }, buffer.count - start)
      }
      if count > 0 { start += count }
      if count < 0 && errno != EINTR {
        throw StreamError(stream: "standard output", number: errno)
      }
    }
  }
}

/// Everything that is no result.
enum StandardError {
  /// Writes a line.
  ///
  /// What cannot be written is lost: there is nowhere left to say it.
  static func write(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = bytes.withUnsafeBytes { systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Writes a warning.
  static func warn(_ text: String) { write("needletail: warning: \(text)") }
}

/// Standard input, line by line, as it comes.
struct StandardInput {
  /// Whether a person would have to type.
  static let isTerminal = isatty(STDIN_FILENO) == 1

  /// More bytes than this without an end of line are an error.
  let maximumLineLength: Int
  private var rest: [UInt8] = []
  private var isAtEnd = false

  init(maximumLineLength: Int) {
    self.maximumLineLength = maximumLineLength
  }

  /// The lines that have arrived, without their ends: waits for at least one; empty at the end.
  mutating func nextLines() throws -> [ArraySlice<UInt8>] {
    while !isAtEnd {
      let portion = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        repeat {
          count = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        } while count < 0
          && errno == EINTR
        if count < 0 {
          count = 0
          throw StreamError(stream: "standard input", number: errno)
        }
      }
      isAtEnd = portion.isEmpty
      guard let last = portion.lastIndex(of: UInt8(ascii: "\n")) else {
        rest += portion
        guard rest.count <= maximumLineLength else {
          throw DatasetError(
            .tooLarge, at: "standard input",
            expected: "lines of at most \(maximumLineLength) bytes",
            found: "a longer one", advice: "write one example a line")
        }
        continue
      }
      let whole = rest + portion[..<last]
      rest = Array(portion[(last + 1)...])
      return whole.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }
    defer { rest = [] }
    return rest.isEmpty ? [] : [rest[...]]
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
