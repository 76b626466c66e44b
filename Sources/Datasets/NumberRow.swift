/// A line of numbers: one example in text.
public enum NumberRow {
  /// Appends the numbers of a line, which commas, tabs or spaces part.
  ///
  /// - Parameters:
  ///   - line: The line in UTF-8, without its end.
  ///   - count: How many numbers there must be.
  ///   - place: What to call the line in errors.
  ///   - numbers: Receives the numbers; unchanged after an error.
  /// - Throws: ``DatasetError`` where there are more or fewer numbers, or what stands there is no
  ///   finite number.
  public static func parse(
    _ line: some Collection<UInt8>, count: Int, place: String, into numbers: inout [Float]
  ) throws {
    let start = numbers.count
    func fail(_ expected: String, _ found: String) -> DatasetError {
      numbers.removeLast(numbers.count - start)
      return DatasetError(
        .malformed, at: place, expected: expected, found: found,
        advice: "write one example a line, its numbers parted by commas or spaces")
    }
    // Between two commas there must be a number; spaces around them mean nothing.
    for field in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let words = field.split {
        $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r")
      }
      guard !words.isEmpty else { throw fail("a number", "nothing between two commas") }
      for word in words {
        let text = String(decoding: word.prefix(40), as: UTF8.self)
        guard word.count <= 40, let number = Float(text), number.isFinite else {
          let shown = String(
            text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
          throw fail("number \(numbers.count - start + 1) of \(count)", "\"\(shown)\"")
        }
        numbers.append(number)
      }
    }
    guard numbers.count - start == count else {
      throw fail("\(count) numbers", "\(numbers.count - start)")
    }
  }
}
