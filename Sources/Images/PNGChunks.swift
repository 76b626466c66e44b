import Datasets

/// The chunks of a PNG file, looked through before libpng sees them.
///
/// libpng unpacks and keeps every text and profile of a file, up to 8 MB each and a thousand of them:
/// gigabytes from a file of megabytes. None of them changes a pixel here, so it gets none. And it
/// says nothing of the place of a damage.
struct PNGChunks {
  /// What a file starts with.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  /// The chunks that need not be understood but change pixels.
  private static let wantedKinds: Set = ["tRNS", "gAMA", "sRGB", "cHRM"]

  /// Where the parts of the file lie that libpng needs, in order.
  private(set) var parts: [Range<Int>] = []
  /// How many bytes they are.
  private(set) var count = 0

  /// Looks through a file up to its last chunk.
  ///
  /// - Throws: `DatasetError` if the file ends inside of a chunk or before the last one, or a chunk
  ///   has no name.
  init(of bytes: UnsafeRawBufferPointer, name: String) throws {
    var start = Self.signature.count
    append(0..<start)
    while true {
      guard bytes.count - start >= 12 else {
        throw Self.failure(
          .truncated, name, at: start, expected: "another chunk of 12 bytes or more",
          found: "\(bytes.count - start) bytes")
      }
      let length = Int(bytes.bigEndian(at: start))
      let kind = bytes[start + 4..<start + 8]
      guard kind.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) && $0 & 0x80 == 0 }) else {
        throw Self.failure(
          .malformed, name, at: start + 4, expected: "the four letters of a chunk's name",
          found: kind.map { "0x" + String($0, radix: 16) }.joined(separator: " "))
      }
      let text = String(decoding: kind, as: UTF8.self)
      guard length <= bytes.count - start - 12 else {
        throw Self.failure(
          .truncated, name, at: start, expected: "a chunk \(text) of \(length) bytes",
          found: "\(bytes.count - start - 12) bytes up to the end of the file")
      }
      let end = start + 12 + length
      // Upper case: nobody may pass over it.
      if kind[start + 4] & 0x20 == 0 || Self.wantedKinds.contains(text) { append(start..<end) }
      if text == "IEND" { return }
      start = end
    }
  }

  /// Whether nothing is left out.
  func isAll(of bytes: UnsafeRawBufferPointer) -> Bool {
    parts.count == 1 && count == bytes.count
  }

  private mutating func append(_ part: Range<Int>) {
    count += part.count
    if let last = parts.last, last.upperBound == part.lowerBound {
      parts[parts.count - 1] = last.lowerBound..<part.upperBound
    } else {
      parts.append(part)
    }
  }

  /// The error about a place in a file.
  static func failure(
    _ kind: DatasetError.Kind, _ name: String, at offset: Int, expected: String, found: String
  ) -> DatasetError {
    DatasetError(
      kind, at: "\(name), byte \(offset)", expected: expected, found: found,
      advice: "fetch the file again, save it anew from an image program, or remove it")
  }
}

extension UnsafeRawBufferPointer {
  /// Four bytes as a number, the highest first.
  func bigEndian(at offset: Int) -> UInt32 {
    UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
