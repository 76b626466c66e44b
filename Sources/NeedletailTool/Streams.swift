import FilePaths

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

  /// Whether a line may be written again and again: on a terminal that knows how to erase one.
  static let takesLiveLines: Bool = {
    guard isTerminal, let name = getenv("TERM").map({ String(cString: $0) }) else { return false }
    return !name.isEmpty && name != "dumb"
  }()

  /// Goes to the start of the line and erases it.
  static let lineEraser = "\r\u{1B}[K"

  /// The width of the terminal in columns, as it is now; what the environment says in `COLUMNS`, or 80,
  /// where the terminal does not tell.
  static var columnCount: Int {
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      return Int(size.ws_col)
    }
    let told = getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 0
    return told > 0 ? told : 80
  }

  /// Writes a line.
  static func line(_ text: String) throws { try write(text + "\n") }

  /// Writes a text as it is.
  static func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Writes bytes.
  static func write(_ bytes: [UInt8]) throws {
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

/// The three descriptors that a process starts with.
enum StandardStreams {
  /// Keeps closed ones from becoming the first files that are opened, into which results and errors
  /// would then be written: opened the wrong way round, they fail as closed ones do.
  static func occupyClosed() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free descriptor is taken, and those below are open by now.
      _ = FileSystem.open("/dev/null", flags: descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
