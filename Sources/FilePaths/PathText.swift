/// The text form of paths and of names of files, which to the system are bytes.
///
///     PathText.encode([0x63, 0x61, 0x66, 0xE9])  // "caf\xE9", "café" in Latin-1
///     PathText.decode("caf\\xE9")  // [0x63, 0x61, 0x66, 0xE9]
///
/// Names in UTF-8 are their own text form. Of others, each byte that belongs to no character of UTF-8
/// is written `\xNN`, with two hexadecimal digits. So that every name has a text form of its own, a
/// backslash which begins such a sequence in the name itself is written `\x5C`.
///
/// Every path that the library takes is read in this form, be it a `String` or the `path` of a
/// `URL`; every path and name of a class that it gives, in errors and files too, is written in it.
public enum PathText {
  /// The text form of bytes.
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    let bytes = Array(bytes)
    if !bytes.contains(backslash), let text = String(validating: bytes, as: UTF8.self) {
      return text
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var position = 0
    loop: while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let scalar):
        if escapedByte(in: bytes, at: position) != nil {
          appendEscaped(backslash, to: &result)
        } else {
          result += scalar
        }
        position += scalar.count
      case .error(let length):
        for byte in bytes[position..<position + length] { appendEscaped(byte, to: &result) }
        position += length
      case .emptyInput: break loop
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The bytes of a text form.
  ///
  /// A sequence `\xNN`, its digits in either case, is the byte that it names, if that is a backslash
  /// or none of ASCII; everything else stands for itself. So no text fails, and none hides a slash or
  /// a zero byte.
  public static func decode(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.contains(backslash) else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var position = 0
    while position < bytes.count {
      if let byte = escapedByte(in: bytes, at: position) {
        result.append(byte)
        position += 4
      } else {
        result.append(bytes[position])
        position += 1
      }
    }
    return result
  }

  private static let backslash = UInt8(ascii: "\\")

  /// The byte that a sequence `\xNN` at a position stands for; nil where there is none.
  private static func escapedByte(in bytes: [UInt8], at position: Int) -> UInt8? {
    guard bytes.count - position >= 4, bytes[position] == backslash,
      bytes[position + 1] == UInt8(ascii: "x"),
      let high = Character(Unicode.Scalar(bytes[position + 2])).hexDigitValue,
      let low = Character(Unicode.Scalar(bytes[position + 3])).hexDigitValue
    else { return nil }
    let byte = UInt8(high << 4 | low)
    return byte >= 0x80 || byte == backslash ? byte : nil
  }

  private static func appendEscaped(_ byte: UInt8, to result: inout [UInt8]) {
    let digits = Array("0123456789ABCDEF".utf8)
    result += [
      backslash, UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)],
    ]
  }
}
