/// The most combining marks in a row that a text from outside may have.
///
/// Swift compares and hashes texts by what they mean, for which it sorts the marks of a character, in
/// time by the square of their number: 80 kB of accents on one letter take seconds. Written
/// languages need fewer than ten.
private let mostCombiningMarks = 100

extension StringProtocol {
  /// Whether marks pile up on a character beyond what is worth comparing.
  ///
  /// White space and backslashes do not end a pile, because a parser may drop them later.
  var pilesUpMarks: Bool {
    // Marks lie behind ASCII.
    guard utf8.count > mostCombiningMarks, !utf8.allSatisfy({ $0 < 0x80 }) else { return false }
    var count = 0
    for scalar in unicodeScalars {
      if scalar.value >= 0x300, scalar.properties.canonicalCombiningClass != .notReordered {
        count += 1
        if count > mostCombiningMarks { return true }
      } else if count > 0, !scalar.properties.isWhitespace, scalar != "\\" {
        count = 0
      }
    }
    return false
  }
}
