import Foundation

/// What is wrong with data that come from outside: where, what was expected, what was found, and
/// what to do about it.
public struct DatasetError: Error, Hashable, Sendable {
  /// The kinds of trouble, for programs that react to them.
  public enum Kind: String, Hashable, Sendable {
    /// The file or folder is missing, is none, or cannot be read.
    case unreadable
    /// The bytes are not what the format says.
    case malformed
    /// The bytes end before the data do.
    case truncated
    /// The data go on after their stated end, or exceed a limit.
    case tooLarge
    /// The parts do not fit each other, or an argument does not fit the data.
    case mismatched
    /// The examples have another shape than the one that was asked for.
    case shape
    /// The format is known but this variant of it is not read.
    case unsupported
    /// The format is another one, which is known and not read.
    case otherFormat
    /// The system has no memory or no open files left: nothing is wrong with the data.
    case refused
  }

  /// The kind of trouble.
  public var kind: Kind
  /// Where: a file, with an offset where that helps, or an argument.
  public var place: String
  /// What was expected there.
  public var expected: String
  /// What was found instead.
  public var found: String
  /// What to do about it.
  public var advice: String

  /// Creates an error.
  ///
  /// The four texts are phrases without a final full stop.
  public init(_ kind: Kind, at place: String, expected: String, found: String, advice: String) {
    self.kind = kind
    self.place = place
    self.expected = expected
    self.found = found
    self.advice = advice
  }
}

extension DatasetError {
  /// The error of a call that the system refused.
  ///
  /// - Parameters:
  ///   - number: The system's error number.
  ///   - expected: What was asked for.
  ///   - advice: What to do where the reason lies with the file.
  package init(
    systemError number: Int32, at place: String, expected: String, advice: String
  ) {
    let reason = String(cString: strerror(number))
    switch number {
    case ENOMEM: self.init(noMemoryAt: place, expected: expected, found: reason)
    case EMFILE, ENFILE:
      self.init(
        .refused, at: place, expected: expected, found: reason,
        advice: "allow more open files (ulimit -n), or use fewer threads")
    default:
      self.init(.unreadable, at: place, expected: expected, found: reason, advice: advice)
    }
  }

  /// The error of memory that the system does not give.
  package init(noMemoryAt place: String, expected: String, found: String = "none") {
    self.init(
      .refused, at: place, expected: expected, found: found,
      advice: "use fewer threads, a part of the data, or a larger machine")
  }
}

extension DatasetError: CustomStringConvertible {
  /// The error in one line.
  ///
  /// `place: expected …, found …; advice.` Control characters, which names of files may have, are
  /// escaped: they cannot write to a terminal or begin a line.
  public var description: String {
    Self.escaped("\(place): expected \(expected), found \(found); \(advice).")
  }

  /// A message with its control characters escaped.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
