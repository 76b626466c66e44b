/// A text from outside, in quotation marks, fit for an error message: control characters are
/// escaped, so that a file cannot write to a terminal, and what is long is cut.
package func quoted(_ text: String) -> String {
  "\"" + escaped(shortened(text)) { $0 == "\"" || $0 == "\\" } + "\""
}

/// A text with its control characters escaped.
func printable(_ text: String) -> String {
  escaped(text) { _ in false }
}

/// Escapes control characters and, with a backslash, those that `marks` holds for.
private func escaped(_ text: String, where marks: (Unicode.Scalar) -> Bool) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      if marks(scalar) { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// The first 80 characters of a text.
func shortened(_ text: String) -> String {
  let start = text.unicodeScalars.prefix(80)
  return start.endIndex == text.unicodeScalars.endIndex ? text : String(start) + "…"
}
