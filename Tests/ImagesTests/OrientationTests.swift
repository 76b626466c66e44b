import Images
import ParserCases
import Testing

@Suite struct OrientationTests {
  /// 2 × 3 pixels, and as they stand upright for each value.
  static let upright: [(value: UInt16, width: Int, pixels: [UInt8])] = [
    (1, 2, [10, 20, 30, 40, 50, 60]), (2, 2, [20, 10, 40, 30, 60, 50]),
    (3, 2, [60, 50, 40, 30, 20, 10]), (4, 2, [50, 60, 30, 40, 10, 20]),
    (5, 3, [10, 30, 50, 20, 40, 60]), (6, 3, [50, 30, 10, 60, 40, 20]),
    (7, 3, [60, 40, 20, 50, 30, 10]), (8, 3, [20, 40, 60, 10, 30, 50]),
  ]

  /// A PNG file of the pixels above with an EXIF block.
  static func file(_ exif: [UInt8]) -> [UInt8] {
    let rows: [UInt8] = [0, 10, 20, 0, 30, 40, 0, 50, 60]
    return SampleBytes.pngFile(
      header: SampleBytes.bigEndian(2) + SampleBytes.bigEndian(3) + [8, 0, 0, 0, 0],
      [("eXIf", exif), ("IDAT", SampleBytes.deflated(rows, windowBits: 15))])
  }

  @Test(arguments: upright, [false, true]) func imagesStandUpright(
    expected: (value: UInt16, width: Int, pixels: [UInt8]), isBigEndian: Bool
  ) throws {
    let file = Self.file(
      SampleBytes.exif(orientation: expected.value, isBigEndian: isBigEndian))
    let image = try Image(decoding: file)
    #expect(image.width == expected.width && image.pixels == expected.pixels)
    let color = try Image(decoding: file, channels: 3)
    #expect(color.pixels == expected.pixels.flatMap { [$0, $0, $0] })
    let stored = try Image(decoding: file, reading: ImageReading(orientation: .asStored))
    #expect(stored.width == 2 && stored.pixels == [10, 20, 30, 40, 50, 60])
    // The header has the sides that the image has.
    let decoder = try ImageDecoder(limits: ImageLimits())
    let header = try file.withUnsafeBytes { try decoder.header(of: $0, name: "a") }
    #expect(header.width == image.width && header.height == image.height)
    // Turned first, then resized, as if it had been stored upright.
    #expect(try Image(decoding: file, size: (4, 5)) == image.resized(width: 5, height: 4))
  }

  /// Larger than the squares in which pixels are moved.
  @Test(arguments: 1...8) func largeImages(value: UInt16) throws {
    let (width, height) = (150, 67)
    let image = gradient(width: width, height: height, channels: 3)
    var file = png(image)
    let exif = SampleBytes.pngFile(
      header: [], [("eXIf", SampleBytes.exif(orientation: value))])
    file.insert(contentsOf: exif[20..<exif.count - 12], at: 33)
    let turned = try Image(decoding: file)
    for (x, y) in [(0, 0), (149, 66), (149, 0), (64, 63), (70, 66), (3, 64)] {
      let (upX, upY) =
        switch value {
        case 1: (x, y)
        case 2: (width - 1 - x, y)
        case 3: (width - 1 - x, height - 1 - y)
        case 4: (x, height - 1 - y)
        case 5: (y, x)
        case 6: (height - 1 - y, x)
        case 7: (height - 1 - y, width - 1 - x)
        default: (y, width - 1 - x)
        }
      let stored = (y * width + x) * 3
      let upright = (upY * turned.width + upX) * 3
      #expect(turned.pixels[upright..<upright + 3].elementsEqual(image.pixels[stored..<stored + 3]))
    }
  }

  @Test(arguments: [1, 4] as [UInt16], [3, 8] as [UInt16])
  func otherTypesOfNumbersAreRead(type: UInt16, value: UInt16) {
    var block = SampleBytes.exif(orientation: value)
    block[12] = UInt8(type)
    #expect(block.withUnsafeBytes { ExifOrientation(exif: $0)?.rawValue } == value)
  }

  /// What makes no sense is like no block at all: the image is read as it is stored.
  @Test func damagedBlocksAreIgnored() throws {
    let sound = SampleBytes.exif(orientation: 3)
    func changed(_ place: Int, _ bytes: [UInt8]) -> [UInt8] {
      var block = sound
      block.replaceSubrange(place..<place + bytes.count, with: bytes)
      return block
    }
    var blocks: [[UInt8]] = [
      [], Array("Exif\0\0".utf8), changed(0, [0x49, 0x4D]), changed(2, [43]),
      // A directory in the head, beyond the end, or at its last byte.
      changed(4, [0, 0, 0, 0]), changed(4, [0xFF, 0xFF, 0xFF, 0xFF]), changed(4, [25, 0, 0, 0]),
      // No entry; a text; two numbers; values that are no orientation.
      changed(8, [0, 0]), changed(12, [2]), changed(14, [2]), changed(18, [0]), changed(18, [9]),
      changed(18, [0, 1]),
    ]
    for length in 0..<20 { blocks.append(Array(sound[..<length])) }
    let plain = try Image(decoding: Self.file(SampleBytes.exif(orientation: 1)))
    for block in blocks {
      #expect(try Image(decoding: Self.file(block)) == plain, "\(block)")
      let jpeg = SampleBytes.jpeg(channels: 3)
      #expect(
        try Image(decoding: SampleBytes.withExif(block, jpeg: jpeg)) == Image(decoding: jpeg))
    }
    // More entries announced than there are: those that are there count.
    let image = try Image(decoding: Self.file(changed(8, [0xFF, 0xFF])))
    #expect(image.pixels == [60, 50, 40, 30, 20, 10])
  }
}
