/// What to do about a line that is no row of numbers, by what it looks like.
extension NumberRow {
  /// - Parameters:
  ///   - word: What is no number.
  ///   - line: Where it stands.
  /// - Returns: nil where it looks like nothing in particular.
  static func advice(
    on word: UnsafeBufferPointer<UInt8>, in line: UnsafeBufferPointer<UInt8>
  ) -> String? {
    let text = String(decoding: word.prefix(200), as: UTF8.self)
    if let separator = separator(of: text, in: line) { return separator }
    if text.contains("\"") || text.contains("'") {
      return "write numbers with points for decimals, and without quotes"
    }
    let bare = text.drop { $0 == "-" || $0 == "+" }.lowercased()
    if ["nan", "inf", "infinity", "na", "n/a", "null", "none", "nil", "?"].contains(bare) {
      return "put a finite number where a value is missing or too large, or leave the row out"
    }
    if let number = Float(text), !number.isFinite {
      return "write numbers that single precision holds, up to 3.4e38"
    }
    return nil
  }

  /// What to do where another character than commas and blanks parts the numbers.
  private static func separator(
    of word: String, in line: UnsafeBufferPointer<UInt8>
  ) -> String? {
    for separator in [";", "|", ":"] as [Character] where word.contains(separator) {
      // Where something else parts the numbers, commas are decimal ones.
      let hasCommas = line.contains(UInt8(ascii: ","))
      let (from, to) = hasCommas ? (",\(separator)", ".,") : ("\(separator)", ",")
      let name = [";": "semicolons", "|": "bars", ":": "colons"][separator] ?? "\(separator)"
      return "the numbers are parted by \(name)"
        + (hasCommas ? ", and have decimal commas" : "") + ": write commas, tr '\(from)' '\(to)'"
        + (hasCommas ? ", and points" : "")
    }
    return nil
  }

  /// - Parameters:
  ///   - found: How many numbers there are.
  ///   - expected: How many there must be.
  ///   - line: Where they stand.
  /// - Returns: nil where nothing in particular seems to be wrong.
  static func advice(
    onCount found: Int, insteadOf expected: Int, in line: UnsafeBufferPointer<UInt8>
  ) -> String? {
    let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
    if bytes.contains(UInt8(ascii: "\r")) {
      return "lines seem to end in carriage returns alone: write line feeds, tr '\\r' '\\n'"
    }
    if found == 2 * expected, bytes.contains(UInt8(ascii: ",")) {
      return "if the commas are decimal ones, write points and part the numbers by spaces"
    }
    if found == expected + 1 {
      return "write the model's input only: leave out a label or a number of the row"
    }
    return nil
  }
}
