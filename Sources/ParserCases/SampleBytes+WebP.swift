import CWebP

extension SampleBytes {
  /// A WebP file of 11 × 7 pixels.
  package static func webp(isLossless: Bool) -> [UInt8] {
    let (width, height) = (11, 7)
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: 30 + $0 * 7 / 5) }
    var memory: UnsafeMutablePointer<UInt8>?
    let count =
      isLossless
      ? WebPEncodeLosslessRGB(pixels, Int32(width), Int32(height), Int32(width * 3), &memory)
      : WebPEncodeRGB(pixels, Int32(width), Int32(height), Int32(width * 3), 60, &memory)
    guard count > 0, let memory else { preconditionFailure("A small WebP file can be written.") }
    defer { WebPFree(memory) }
    return Array(UnsafeBufferPointer(start: memory, count: count))
  }

  /// A WebP file of the extended form: a head with flags, the file's own chunks, and others.
  package static func extendedWebP(
    flags: UInt8, _ file: [UInt8], _ chunks: [(String, [UInt8])]
  ) -> [UInt8] {
    var body = Array(file[12...])
    for (kind, data) in chunks {
      body += Array(kind.utf8) + littleEndian(data.count) + data
      if data.count % 2 == 1 { body.append(0) }
    }
    // Sizes are stored less one, in three bytes.
    let head: [UInt8] = [flags, 0, 0, 0, 10, 0, 0, 6, 0, 0]
    return withWebPLength(
      Array("RIFF\0\0\0\0WEBPVP8X".utf8) + littleEndian(head.count) + head + body)
  }

  /// The file with its length made right.
  package static func withWebPLength(_ file: [UInt8]) -> [UInt8] {
    guard file.count >= 12 else { return file }
    return file[..<4] + littleEndian(file.count - 8) + file[8...]
  }

  private static func littleEndian(_ value: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, Array.init)
  }
}
