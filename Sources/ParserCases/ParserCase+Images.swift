import Datasets
import Images

extension ParserCase {
  /// The cases of `Images`.
  static let imageCases: [ParserCase] = [
    ParserCase(
      "png",
      seeds: [
        SampleBytes.png(channels: 3), SampleBytes.png(channels: 1), SampleBytes.png(channels: 4),
        SampleBytes.png(channels: 2, bits: 16), SampleBytes.png(channels: 1, bits: 2),
        SampleBytes.palettePNG(),
      ],
      mended: SampleBytes.withPNGChecksums, parse: readImage),
    ParserCase(
      "jpeg",
      seeds: [
        SampleBytes.jpeg(channels: 3), SampleBytes.jpeg(channels: 1),
        SampleBytes.jpeg(channels: 3, progressive: true), SampleBytes.jpeg(channels: 4),
        SampleBytes.withExif(
          SampleBytes.exif(orientation: 6), jpeg: SampleBytes.jpeg(channels: 3)),
      ], parse: readImage),
    ParserCase(
      "webp",
      seeds: [
        SampleBytes.webp(isLossless: true), SampleBytes.webp(isLossless: false),
        SampleBytes.extendedWebP(
          flags: 8, SampleBytes.webp(isLossless: true),
          [("EXIF", SampleBytes.exif(orientation: 5, isBigEndian: true))]),
      ], mended: SampleBytes.withWebPLength, parse: readImage),
    ParserCase(
      "exif",
      seeds: [
        SampleBytes.exif(orientation: 3), SampleBytes.exif(orientation: 8, isBigEndian: true),
        Array("Exif\0\0".utf8) + SampleBytes.exif(orientation: 1),
      ],
      parse: { bytes in
        // Where there is none, images are read as they are stored; here that counts as refused.
        guard bytes.withUnsafeBytes({ ExifOrientation(exif: $0) }) != nil else {
          throw DatasetError(
            .malformed, at: fileName, expected: "an orientation", found: "none",
            advice: "read the image as it is stored")
        }
      }),
  ]

  /// Reads an image as it is, and converted and resized.
  @Sendable private static func readImage(_ bytes: [UInt8]) throws {
    let limits = ImageLimits(maximumPixelCount: 1 << 16)
    let image = try Image(decoding: bytes, name: fileName, limits: limits)
    try check(
      image.pixels.count == image.width * image.height * image.channels,
      "\(image.pixels.count) bytes")
    let small = try Image(
      decoding: bytes, name: fileName, size: (height: 3, width: 4),
      channels: 4 - image.channels, reading: ImageReading(resizing: .crop), limits: limits)
    try check(small.pixels.count == 12 * small.channels, "\(small.pixels.count) bytes")
  }
}
