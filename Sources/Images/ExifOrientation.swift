/// How the pixels of a file must be turned to stand upright: the values of EXIF's tag 0x0112.
package enum ExifOrientation: UInt16, CaseIterable, Hashable, Sendable {
  /// As stored.
  case upright = 1
  /// Mirrored left to right.
  case mirrored
  /// Turned by 180°.
  case upsideDown
  /// Mirrored top to bottom.
  case flipped
  /// Rows are columns.
  case transposed
  /// To be turned clockwise by 90°.
  case clockwise
  /// Rows are columns, from the end on.
  case transversed
  /// To be turned counterclockwise by 90°.
  case counterclockwise

  /// Whether the rows of the file are the columns of the upright image.
  var swapsSides: Bool { rawValue >= Self.transposed.rawValue }

  /// What an EXIF block says; nil if it says nothing, or nothing that makes sense.
  ///
  /// A block that is damaged is like none: the pixels do not depend on it. Looks at nothing but the
  /// first directory, which is where the tag belongs.
  ///
  /// - Parameter block: A TIFF structure, perhaps behind the bytes `Exif`, 0, 0.
  package init?(exif block: UnsafeRawBufferPointer) {
    var block = block
    if block.starts(with: Self.exifName) {
      block = UnsafeRawBufferPointer(rebasing: block[Self.exifName.count...])
    }
    guard block.count >= 8 else { return nil }
    let isBigEndian: Bool
    switch (block[0], block[1]) {
    case (0x4D, 0x4D): isBigEndian = true
    case (0x49, 0x49): isBigEndian = false
    default: return nil
    }
    func short(_ place: Int) -> UInt16 {
      block.integer(at: place, as: UInt16.self, isBigEndian: isBigEndian)
    }
    func long(_ place: Int) -> UInt32 {
      block.integer(at: place, as: UInt32.self, isBigEndian: isBigEndian)
    }
    let start = Int(long(4))
    guard short(2) == 42, start >= 8, start <= block.count - 2 else { return nil }
    // Each entry has a tag, a type, a number of values, and room for four bytes of them.
    let entryCount = min(Int(short(start)), (block.count - start - 2) / 12)
    for entry in stride(from: start + 2, to: start + 2 + 12 * entryCount, by: 12)
    where short(entry) == 0x0112 {
      guard long(entry + 4) == 1 else { return nil }
      let value: UInt16? =
        switch short(entry + 2) {
        case 1: UInt16(block[entry + 8])
        case 3: short(entry + 8)
        case 4: UInt16(exactly: long(entry + 8))
        default: nil
        }
      guard let value else { return nil }
      self.init(rawValue: value)
      return
    }
    return nil
  }

  /// What an EXIF block begins with in a JPEG file.
  static let exifName: [UInt8] = Array("Exif\0\0".utf8)
}
