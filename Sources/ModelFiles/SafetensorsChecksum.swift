import CZlib

/// The checksum of a whole safetensors file, which stands in its own metadata.
///
/// It is the CRC-32 of all bytes of the file, the eight hexadecimal digits of the checksum itself
/// taken as zeros: damage to a name or a number of the header is found as that to a value is. It
/// tells of accidents and not of malice.
struct SafetensorsChecksum {
  /// The key of the checksum in the metadata.
  static let key = "needletail.crc32"
  /// What stands in the place of the digits while the checksum is computed.
  static let placeholder = "00000000"

  private var sum: UInt = CZlib.crc32(0, nil, 0)

  init() {}

  /// Takes in the next bytes of the file.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
    sum = crc32_z(sum, base, bytes.count)
  }

  /// The eight digits.
  var digits: String {
    let text = String(sum, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }

  /// Writes the digits to their place in a header.
  func put(into header: inout [UInt8]) {
    guard let place = Self.place(in: header) else {
      preconditionFailure("The header has no place for a checksum.")
    }
    header.replaceSubrange(place, with: digits.utf8)
  }

  /// Where the digits stand in a header that this writer wrote; nil where there are none.
  ///
  /// Only a key can look like this: within texts, quotation marks are escaped.
  static func place(in header: [UInt8]) -> Range<Int>? {
    let mark = Array("\"\(key)\":\"".utf8)
    guard let found = header.firstRange(of: mark),
      header.count > found.upperBound + placeholder.utf8.count,
      header[found.upperBound + placeholder.utf8.count] == UInt8(ascii: "\"")
    else { return nil }
    return found.upperBound..<found.upperBound + placeholder.utf8.count
  }

  /// Checks a file that bears a checksum; one without is passed.
  ///
  /// - Parameters:
  ///   - header: The text of the header, without the eight bytes of its length.
  ///   - data: What follows it.
  ///   - noted: The checksum in the metadata.
  static func check(
    header: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, noted: String?, file: String
  ) throws(ModelFileError) {
    guard let noted else { return }
    var start = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    start.append(contentsOf: header)
    var found = "none in the form that we write"
    if let place = place(in: start) {
      start.replaceSubrange(place, with: placeholder.utf8)
      var checksum = SafetensorsChecksum()
      start.withUnsafeBytes { checksum.add($0) }
      checksum.add(data)
      found = checksum.digits
      if found == noted { return }
    }
    throw ModelFileError(
      file: file, expected: "content with the checksum \(quoted(noted))", found: found,
      advice: "The file is damaged; use a copy of it, or one written before it.")
  }
}

/// The CRC-32 of bytes as eight hexadecimal digits.
package func checksumText(of bytes: UnsafeRawBufferPointer) -> String {
  var checksum = SafetensorsChecksum()
  checksum.add(bytes)
  return checksum.digits
}
