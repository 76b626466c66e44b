import Foundation

/// Folders of small pictures that a network learns in an epoch or two: each class has a bright half.
enum PictureFolder {
  /// A grey PNG file of 16×16 pixels, or of another size.
  ///
  /// - Parameters:
  ///   - label: 0: the upper half is bright; 1: the lower; 2: the left; 3: the right.
  ///   - number: Makes the picture differ from others of its class.
  static func png(_ label: Int, _ number: Int, side: Int = 16) -> Data {
    var rows: [UInt8] = []
    for y in 0..<side {
      rows.append(0)
      for x in 0..<side {
        let isBright = [y < side / 2, y >= side / 2, x < side / 2, x >= side / 2][label % 4]
        rows.append(UInt8((isBright ? 180 : 0) + (x * 7 + y * 13 + number * 31) % 60))
      }
    }
    var header = bigEndian(UInt32(side)) + bigEndian(UInt32(side))
    header += [8, 0, 0, 0, 0]
    return Data(
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
        + chunk("IDAT", stored(rows)) + chunk("IEND", []))
  }

  /// A black grey PNG file of any size, a few kilobytes for each million of pixels.
  static func blackPNG(width: Int, height: Int) -> Data {
    let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 0, 0, 0, 0]
    return Data(
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
        + chunk("IDAT", zeros((width + 1) * height)) + chunk("IEND", []))
  }

  /// A zlib stream of zeros: one, and then repetitions of 258, in deflate's fixed codes.
  private static func zeros(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x78, 0x01]
    var place = 8
    func add(_ code: Int, _ length: Int) {
      for bit in (0..<length).reversed() {
        if place == 8 {
          bytes.append(0)
          place = 0
        }
        bytes[bytes.count - 1] |= UInt8(code >> bit & 1) << UInt8(place)
        place += 1
      }
    }
    // The last block, of fixed codes.
    add(0b110, 3)
    let (repetitions, rest) = (count - 1).quotientAndRemainder(dividingBy: 258)
    for _ in 0...rest { add(0x30, 8) }
    for _ in 0..<repetitions { add(0xC5 << 5, 13) }
    add(0, 7)
    return bytes + bigEndian(UInt32(count % 65_521) << 16 | 1)
  }

  /// Writes classes of pictures below a folder.
  static func write(
    _ classes: [String] = ["cat", "dog", "fox"], count: Int = 8, first: Int = 0, to folder: URL
  ) throws {
    for (label, name) in classes.enumerated() {
      let place = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for number in first..<first + count {
        try png(label, number).write(to: place.appendingPathComponent("\(number).png"))
      }
    }
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return bigEndian(UInt32(content.count)) + body + bigEndian(checksum(body))
  }

  /// A zlib stream of one stored block.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    let count = UInt16(bytes.count)
    var (low, high): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      low = (low + UInt32(byte)) % 65_521
      high = (high + low) % 65_521
    }
    return [
      0x78, 0x01, 0x01, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF),
      UInt8(~count >> 8),
    ]
      + bytes + bigEndian(high << 16 | low)
  }

  /// PNG's checksum, CRC-32.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
    }
    return ~value
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }
}
