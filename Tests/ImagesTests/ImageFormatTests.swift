import Foundation
import Images
import Testing

@Suite struct ImageFormatTests {
  @Test func bytesTellTheFormat() throws {
    for (format, start) in [
      (.jpeg, [0xFF, 0xD8, 0xFF, 0xE1]), (.png, png(flat(1))), (.gif, Array("GIF87a".utf8)),
      (.webp, Array("RIFF\u{1}\0\0\0WEBPVP8 ".utf8)), (.bmp, Array("BM\u{36}".utf8)),
      (.tiff, [0x4D, 0x4D, 0, 0x2A]), (.heic, Array("\0\0\0\u{18}ftypheic".utf8)),
      (.avif, Array("\0\0\0\u{20}ftypavif".utf8)), (.jpegXL, [0xFF, 0x0A]),
      (.jpegXL, [0, 0, 0, 12] + Array("JXL \r\n".utf8)), (.photoshop, Array("8BPS".utf8)),
      (.jpeg2000, [0, 0, 0, 12] + Array("jP  \r\n".utf8)), (.netpbm, Array("P6\n3 2".utf8)),
      (.svg, Array("<?xml version='1.0'?>\n<!-- a -->\n<svg width='3'>".utf8)),
      (.dicom, [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)), (.icon, [0, 0, 1, 0, 1]),
    ] as [(ImageFormat, [UInt8])] {
      #expect(start.withUnsafeBytes { ImageFormat(signature: $0) } == format, "\(format)")
    }
    for other in ["", "RIFF\0\0\0\0WAVE", "\0\0\0\u{18}ftypisom", "P6", "Paper", "see <svg", "{}"] {
      let bytes = Array(other.utf8)
      #expect(bytes.withUnsafeBytes { ImageFormat(signature: $0) } == nil, "\(other)")
    }
  }

  @Test func namesTellWhatIsMeant() {
    for (name, format) in [
      ("a.PNG", .png), ("folder.gif/a.b.JpEg", .jpeg), ("/x/1.webp", .webp), ("a.HEIC", .heic),
      ("a.tif", .tiff), ("a", nil), ("png", nil), (".png", nil), ("a.png/", .png), ("a.txt", nil),
      ("", nil), ("a.", nil),
    ] as [(String, ImageFormat?)] {
      #expect(ImageFormat(ofFileNamed: name) == format, "\(name)")
    }
    #expect(ImageFormat.allCases.filter(\.isRead) == [.jpeg, .png, .webp])
    // No ending stands for two formats.
    let endings = ImageFormat.allCases.flatMap(\.fileNameEndings)
    #expect(Set(endings).count == endings.count)
  }
}
