extension JSONValue {
  /// The text of the value that equal values share: no white space, keys in the order of their
  /// UTF-8 bytes, every number in the fewest digits that read back as the same number.
  ///
  /// - Precondition: every number is finite; JSON has no others.
  package var canonicalText: String {
    var text = ""
    writeCanonicalText(to: &text)
    return text
  }

  private func writeCanonicalText(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value):
      precondition(value.isFinite, "JSON has no number \(value).")
      text += value.description
    case .string(let value): writeJSONString(value, to: &text)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.writeCanonicalText(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.sorted(by: { precedes($0.key, $1.key) }).enumerated() {
        if index > 0 { text += "," }
        writeJSONString(member.key, to: &text)
        text += ":"
        member.value.writeCanonicalText(to: &text)
      }
      text += "}"
    }
  }
}

/// Whether a text comes before another by their UTF-8 bytes: an order that depends on no version of
/// Unicode, unlike `String`'s own.
func precedes(_ left: String, _ right: String) -> Bool {
  left.utf8.lexicographicallyPrecedes(right.utf8)
}

/// Appends a text as a JSON string: only what must be escaped is.
func writeJSONString(_ string: String, to text: inout String) {
  text += "\""
  for scalar in string.unicodeScalars {
    switch scalar {
    case "\"": text += "\\\""
    case "\\": text += "\\\\"
    case "\u{08}": text += "\\b"
    case "\u{09}": text += "\\t"
    case "\u{0A}": text += "\\n"
    case "\u{0C}": text += "\\f"
    case "\u{0D}": text += "\\r"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: text.unicodeScalars.append(scalar)
    }
  }
  text += "\""
}
