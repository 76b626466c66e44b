import Needletail

/// Reads the numbers that options take, all by the same rules, and refuses others in the same words.
///
/// Options of numbers are declared with one of these as their `transform`: the parser's own reading takes
/// hexadecimal numbers, says nothing of the range, and loses what was typed.
enum OptionNumber {
  /// What reads a value.
  typealias Reader<Number> = @Sendable (String) throws -> Number

  /// Whole numbers of a range.
  static func whole<Number: FixedWidthInteger & Sendable>(
    _ range: ClosedRange<Number>
  ) -> Reader<Number> {
    { text in
      guard let number = Number(text), range.contains(number) else {
        throw refusal(
          of: text, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
  }

  /// Numbers of a range in decimal notation.
  ///
  /// - Parameter expected: What they are, for the refusal.
  static func real<Number: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ range: ClosedRange<Number>, _ expected: String
  ) -> Reader<Number> {
    { text in
      // What overflows is infinite, what is too small is zero: neither is in a range that excludes it.
      guard let number: Number = decimal(text), range.contains(number) else {
        throw refusal(of: text, expected: expected)
      }
      return number
    }
  }

  /// Seeds.
  static let seed: Reader<UInt64> = whole(0...UInt64.max)

  /// Numbers of images in a step of a benchmark.
  static let benchmarkBatch: Reader<Int> = whole(1...1 << 20)

  /// Times of a benchmark.
  static let seconds: Reader<Double> = real(
    Double.leastNormalMagnitude...86_400, "a number of seconds above 0, up to 86400")

  /// Learning rates: what single precision holds.
  static let learningRate: Reader<Float> = real(
    Float.leastNormalMagnitude...Float.greatestFiniteMagnitude,
    "a number above 0 (1.2e-38 to 3.4e38)")

  /// A number in decimal notation; nil for all else, `nan`, `inf` and hexadecimal numbers among it.
  static func decimal<Number: LosslessStringConvertible>(_ text: String) -> Number? {
    text.utf8.allSatisfy(characters.contains) ? Number(text) : nil
  }

  /// Whether a text was meant to be a number: `10%`, `0,1`, `.5x` or `nan`.
  static func looksLikeNumber(_ text: String) -> Bool {
    let number = ["%", ",", " "].reduce(text.lowercased()) { $0.replacing($1, with: "") }
    return Double(number) != nil
  }

  private static let characters = Set("0123456789+-.eE".utf8)

  /// The refusal of a value, with advice where it only has a decimal comma.
  static func refusal(of text: String, expected: String, advice: String? = nil) -> OptionError {
    let point = text.replacing(",", with: ".")
    let isDecimalComma = point != text && (decimal(point) as Double?) != nil
    return OptionError(
      expected: expected, found: OptionError.quoted(text),
      advice: isDecimalComma ? "write a point: \(point)" : advice)
  }
}
