extension SampleBytes {
  /// An EXIF block that says nothing but an orientation.
  package static func exif(orientation: UInt16, isBigEndian: Bool = false) -> [UInt8] {
    func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
      withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian, Array.init)
    }
    return Array((isBigEndian ? "MM" : "II").utf8) + bytes(UInt16(42)) + bytes(UInt32(8))
      // A directory of one entry: the tag, a short, one of it, its value; no further directory.
      + bytes(UInt16(1)) + bytes(UInt16(0x0112)) + bytes(UInt16(3)) + bytes(UInt32(1))
      + bytes(orientation) + bytes(UInt16(0)) + bytes(UInt32(0))
  }

  /// A JPEG file with an EXIF block behind its first two bytes.
  package static func withExif(_ block: [UInt8], jpeg file: [UInt8]) -> [UInt8] {
    let segment = Array("Exif\0\0".utf8) + block
    let length = segment.count + 2
    return file[..<2] + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + segment + file[2...]
  }
}
