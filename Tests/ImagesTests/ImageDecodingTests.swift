import Datasets
import Foundation
import Images
import TestSupport
import Testing

@Suite struct ImageDecodingTests {
  @Test(arguments: [(1, 1, 1), (1, 1, 3), (7, 5, 1), (7, 5, 3), (64, 33, 3)])
  func pngIsExact(width: Int, height: Int, channels: Int) throws {
    let image = gradient(width: width, height: height, channels: channels)
    let bytes = png(image)
    #expect(try Image(decoding: bytes) == image)
    let other = 4 - channels
    #expect(
      try Image(decoding: bytes, channels: other) == image.converted(toChannels: other))
  }

  @Test(arguments: [(8, 8, 1), (17, 9, 3), (32, 32, 3)], [false, true])
  func jpegIsNear(size: (Int, Int, Int), progressive: Bool) throws {
    let (width, height, channels) = size
    let image = flat(0, width: width, height: height, channels: channels)
    let smooth = Image(
      width: width, height: height, channels: channels,
      pixels: image.pixels.indices.map { UInt8(40 + $0 / channels % width * 4) })
    let bytes = jpeg(smooth, progressive: progressive)
    let decoded = try Image(decoding: bytes)
    #expect(decoded.width == width && decoded.height == height && decoded.channels == channels)
    for (one, other) in zip(decoded.pixels, smooth.pixels) {
      #expect(abs(Int(one) - Int(other)) <= 3)
    }
    #expect(try Image(decoding: bytes, channels: 4 - channels).channels == 4 - channels)
  }

  @Test func alphaIsLeftOut() throws {
    let rgba: [UInt8] = [10, 20, 30, 0, 10, 20, 30, 255, 0, 100, 200, 128]
    let color = try Image(decoding: png(rgba, width: 3, height: 1, channels: 4))
    #expect(color.pixels == [10, 20, 30, 10, 20, 30, 0, 100, 200])
    let gray = try Image(decoding: png([10, 0, 11, 255], width: 2, height: 1, channels: 2))
    #expect(gray.channels == 1)
    #expect(gray.pixels == [10, 11])
    #expect(
      try Image(decoding: png([10, 0, 11, 255], width: 2, height: 1, channels: 2), channels: 3)
        .pixels == [10, 10, 10, 11, 11, 11])
  }

  @Test func filesOnDiskAreRead() throws {
    try withTemporaryFolder { folder in
      let image = gradient(width: 5, height: 6, channels: 3)
      try write(["a.jpg": png(image)], to: folder)
      #expect(try Image(contentsOf: folder.appendingPathComponent("a.jpg")) == image)
      #expect(throws: DatasetError.self) { try Image(contentsOf: folder) }
      let error = #expect(throws: DatasetError.self) {
        try Image(
          contentsOf: folder.appendingPathComponent("a.jpg"),
          limits: ImageLimits(maximumPixelCount: 29))
      }
      #expect(error?.kind == .tooLarge)
      #expect(error?.advice.contains("--max-image-pixels") == true)
      // A file that no permitted image needs, most of it holes.
      let long = folder.appendingPathComponent("long.png")
      try FileManager.default.copyItem(at: folder.appendingPathComponent("a.jpg"), to: long)
      truncate(long.path, 8 * 30 + 16 << 20)
      let limits = ImageLimits(maximumPixelCount: 30)
      #expect(try Image(contentsOf: long, limits: limits) == image)
      truncate(long.path, 8 * 30 + 16 << 20 + 1)
      #expect(throws: DatasetError.self) { try Image(contentsOf: long, limits: limits) }
    }
  }

  @Test func otherFormatsAreNamed() {
    for (bytes, found) in [
      (Array("GIF89a".utf8), "a GIF file"), ([1, 2, 3], "something else"),
      ([0xFF, 0xD8], "something else"), ([0x49, 0x49, 0x2A, 0], "a TIFF file"),
      (Array("RIFF\0\0\0\0WAVE".utf8), "something else"),
      (Array("\u{FEFF}\n<!DOCTYPE html><html>é".utf8), "text (HTML)"),
      (Array("{\"error\": 404}".utf8), "text (JSON)"), (Array(" <a/>".utf8), "text (XML)"),
      (Array("Forbidden\r\n".utf8), "text"), (Array("  \n".utf8), "blanks"),
      (Array("\0\0\0\u{18}ftypheic".utf8), "a HEIC file"), ([0, 0, 0], "nothing but zeros"),
      (Array("version https://git-lfs.github.com/spec/v1".utf8), "a pointer of Git LFS"),
    ] {
      let error = #expect(throws: DatasetError.self) { try Image(decoding: bytes, name: "x") }
      let isImage = found.hasSuffix("file")
      #expect(error?.kind == (isImage ? .otherFormat : .malformed))
      #expect(error?.found == found)
      #expect(error?.advice.contains("convert 'x[0]' -auto-orient 'x.png'") == isImage)
      #expect(
        error?.advice.contains("a server's answer")
          == (found.hasPrefix("text") || found == "blanks"), "\(found)")
    }
    let error = #expect(throws: DatasetError.self) { try Image(decoding: []) }
    #expect(error?.kind == .truncated)
    #expect(error?.found == "an empty file")
  }

  @Test func namesThatSayOtherFormatsAreTold() {
    for (name, bytes, found) in [
      ("a.jpg", Array("GIF89a".utf8), "a GIF file, not the JPEG that its name says"),
      ("b.PNG", Array("<html>".utf8), "text (HTML), not the PNG that its name says"),
      ("c.gif", Array("GIF89a".utf8), "a GIF file"), ("c.txt", Array("GIF89a".utf8), "a GIF file"),
    ] {
      let error = #expect(throws: DatasetError.self) { try Image(decoding: bytes, name: name) }
      #expect(error?.found == found)
    }
  }

  @Test func limitsAreCheckedBeforeMemoryIsTaken() throws {
    let limits = ImageLimits(maximumPixelCount: 1000)
    for (width, height) in [(1001, 1), (1, 1001), (40, 26)] {
      let image = gradient(width: width, height: height, channels: 3)
      for bytes in [png(image), jpeg(image)] {
        let error = #expect(throws: DatasetError.self) {
          try Image(decoding: bytes, limits: limits)
        }
        #expect(error?.kind == .tooLarge)
      }
    }
    #expect(throws: Never.self) {
      try Image(decoding: png(gradient(width: 40, height: 25, channels: 3)), limits: limits)
    }
    // Sides have a limit of their own, which no option moves.
    let line = png(flat(9, width: 65_536, height: 1, channels: 1))
    let error = #expect(throws: DatasetError.self) { try Image(decoding: line) }
    #expect(error?.expected == "at most 65535 pixels a side")
    let longest = png(flat(9, width: 1, height: 65_535, channels: 1))
    #expect(try Image(decoding: longest).height == 65_535)
  }

  /// A header that promises 8,000 × 8,000 pixels before the data of 16 × 16.
  @Test func sizesThatAreNotThereAreRefused() {
    let image = gradient(width: 16, height: 16, channels: 3)
    var file = jpeg(image)
    if let frame = file.indices.first(where: { file[$0] == 0xFF && file[$0 + 1] == 0xC0 }) {
      file.replaceSubrange(frame + 5..<frame + 9, with: [0x1F, 0x40, 0x1F, 0x40])
    }
    let error = #expect(throws: DatasetError.self) { try Image(decoding: file) }
    #expect(error?.kind == .truncated)
    #expect(error?.expected == "an image of 8000 × 8000 pixels")
    file = png(image)
    file.replaceSubrange(16..<24, with: [0, 0, 0x1F, 0x40, 0, 0, 0x1F, 0x40])
    let sized = #expect(throws: DatasetError.self) { try Image(decoding: file) }
    #expect(sized?.kind == .truncated)
    #expect(sized?.expected == "an image of 8000 × 8000 pixels")
  }

  @Test func everyTruncationIsAnError() {
    let image = gradient(width: 24, height: 24, channels: 3)
    for bytes in [png(image), jpeg(image), jpeg(image, progressive: true)] {
      for length in 0..<bytes.count - 1 {
        #expect(throws: DatasetError.self) { _ = try Image(decoding: Array(bytes[..<length])) }
      }
    }
  }
}
