/// Why a model's file cannot be read or written: where, what was expected, what was found, and what
/// to do about it.
public struct ModelFileError: Error, Sendable, Hashable {
  /// A place in a file.
  public enum Location: Sendable, Hashable {
    /// The file as a whole.
    case file
    /// A place in the file, in bytes from its start.
    case byte(Int)
    /// A place in a text file, both counted from 1.
    case text(line: Int, column: Int)
    /// The tensor of this name.
    case tensor(String)
  }

  /// The file's path, or what it is called where it has none.
  public var file: String
  /// Where in the file.
  public var location: Location
  /// What should be there.
  public var expected: String
  /// What is there.
  public var found: String
  /// What to do.
  public var advice: String
  /// The system's error number (`ENOSPC`, `EACCES`, …); nil where the system reported none.
  public var systemError: Int32?

  /// Creates an error from its parts.
  public init(
    file: String, location: Location = .file, expected: String, found: String, advice: String,
    systemError: Int32? = nil
  ) {
    self.file = file
    self.location = location
    self.expected = expected
    self.found = found
    self.advice = advice
    self.systemError = systemError
  }
}

extension ModelFileError: CustomStringConvertible {
  /// All parts in one line; control characters, which a file may hold, are escaped.
  public var description: String {
    let place =
      switch location {
      case .file: ""
      case .byte(let offset): ", byte \(offset)"
      case .text(let line, let column): ", line \(line), column \(column)"
      case .tensor(let name): ", tensor \(quoted(name))"
      }
    return printable("\(file)\(place): expected \(expected), found \(found). \(advice)")
  }
}
