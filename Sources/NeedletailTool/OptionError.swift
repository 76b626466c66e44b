import ArgumentParser
import Needletail

/// Why an option's value is refused: the option, what it takes, what was found; one sentence.
struct OptionError: Error, CustomStringConvertible {
  /// The option with its dashes; empty until it is known.
  private(set) var option: String
  private let sentence: String

  /// - Parameters:
  ///   - option: The option with its dashes; what reads a value does not know it.
  ///   - expected: What it takes.
  ///   - found: What it was given, as it was typed.
  ///   - advice: What to do.
  init(_ option: String = "", expected: String, found: String, advice: String? = nil) {
    self.init(
      option, sentence: "expected \(expected), found \(found)" + (advice.map { "; \($0)" } ?? ""))
  }

  private init(_ option: String, sentence: String) {
    self.option = option
    self.sentence = sentence
  }

  /// - Parameters:
  ///   - option: The option with its dashes.
  ///   - cause: What its value has brought about.
  init(_ option: String, cause: any Error) {
    switch cause {
    case let error as OptionError:
      self = error
      self.option = option
    case let error as DatasetError:
      self.init(option, expected: error.expected, found: error.found, advice: error.advice)
    default:
      self.init(option, sentence: "\(cause)")
    }
  }

  /// One line, whatever was typed: control characters are escaped.
  var description: String {
    let text = (option.isEmpty ? "" : "\(option): ") + sentence
    return DatasetError.escaped(text.hasSuffix(".") ? text : text + ".")
  }

  /// A value as it was typed, for ``init(_:expected:found:advice:)``.
  static func quoted(_ text: String) -> String {
    let shown = text.prefix(60)
    return "'\(shown)\(shown.endIndex == text.endIndex ? "" : "…")'"
  }
}

extension OptionError {
  /// The refusal in an error of the parser, if it is one.
  ///
  /// The parser has no door to what the reading of a value has thrown, and its own words are a paragraph.
  /// So its error is looked into. Should another version keep it elsewhere, its words are left, and the
  /// tests of all options fail.
  init?(in error: any Error, message: String) {
    let refused = Mirror(reflecting: error)
    if let error = error as? OptionError
      ?? refused.descendant("parserError", "userValidationError") as? OptionError
    {
      self = error
      return
    }
    // The place, the option's name, the value, the key, and what was thrown.
    let place = "unableToParseValue"
    guard let name = refused.descendant("parserError", place, 1, "some", "long") as? String,
      let value = refused.descendant("parserError", place, 2) as? String
    else { return nil }
    let option = "--\(name)"
    if let error = refused.descendant("parserError", place, 4, "some") as? any Error {
      self.init(option, cause: error)
    } else if let words = Self.words(of: message) {
      self.init(option, expected: words, found: Self.quoted(value))
    } else {
      return nil
    }
  }

  /// The words that the parser says an option takes: `a, b or c`.
  private static func words(of message: String) -> String? {
    guard let start = message.ranges(of: "Please provide one of ").last?.upperBound else {
      return nil
    }
    let list = message[start...]
    let lines = list.split(separator: "\n").compactMap {
      $0.hasPrefix("  - ") ? String($0.dropFirst(4)) : nil
    }
    // Few words stand in one line, in quotes.
    let words =
      lines.isEmpty
      ? list.split(separator: "'").enumerated().filter { $0.offset.isMultiple(of: 2) }
        .map { String($0.element) }.filter { $0 != "." } : lines
    guard let last = words.last else { return nil }
    return words.count == 1
      ? last : words.dropLast().joined(separator: ", ") + " or \(last)"
  }
}
