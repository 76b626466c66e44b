/// Fields of files of comma-separated values, by RFC 4180.
enum CSVField {
  /// The text as a field: quoted where it has to be, otherwise as it is.
  ///
  /// By bytes, as readers look at it: to Swift's `Character` a comma before a combining mark is none.
  static func text(of text: String) -> String {
    let quote = UInt8(ascii: "\"")
    let special = [UInt8(ascii: ","), quote, UInt8(ascii: "\n"), UInt8(ascii: "\r")]
    guard text.utf8.contains(where: special.contains) else { return text }
    var bytes = [quote]
    for byte in text.utf8 {
      if byte == quote { bytes.append(quote) }
      bytes.append(byte)
    }
    return String(decoding: bytes + [quote], as: UTF8.self)
  }
}
