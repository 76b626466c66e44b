extension ImageFormat {
  /// How many of the first bytes of a file tell its format.
  package static let signatureSize = 512

  /// The format by the first bytes of a file; nil if they are no known image's.
  ///
  /// Two formats have none: camera raw files begin as TIFF files, Targa's as anything.
  package init?(signature bytes: UnsafeRawBufferPointer) {
    for (format, start) in Self.signatures where bytes.starts(with: start) {
      self = format
      return
    }
    func holds(_ text: String, at place: Int) -> Bool {
      bytes.dropFirst(place).starts(with: text.utf8)
    }
    if holds("RIFF", at: 0), holds("WEBP", at: 8) {
      self = .webp
    } else if holds("ftyp", at: 4), bytes.count >= 12 {
      // Boxes, as films have them; the brand says what is inside.
      switch String(decoding: bytes[8..<12], as: UTF8.self) {
      case "avif", "avis": self = .avif
      case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1": self = .heic
      default: return nil
      }
    } else if holds("DICM", at: 128) {
      self = .dicom
    } else if bytes.count >= 3, bytes[0] == UInt8(ascii: "P"),
      (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(bytes[1]),
      [0x20, 0x09, 0x0A, 0x0D].contains(bytes[2])
    {
      self = .netpbm
    } else if Self.isSVG(bytes) {
      self = .svg
    } else {
      return nil
    }
  }

  /// Whether the first bytes alone make sure that a file is such an image: those of the others are a few
  /// letters or small numbers, which any file may begin with.
  var hasSureSignature: Bool {
    switch self {
    case .bmp, .icon, .jpegXL, .netpbm, .svg: false
    default: true
    }
  }

  private static let signatures: [(ImageFormat, [UInt8])] = [
    (.jpeg, [0xFF, 0xD8, 0xFF]), (.png, PNGStructure.signature), (.gif, Array("GIF87a".utf8)),
    (.gif, Array("GIF89a".utf8)), (.bmp, Array("BM".utf8)), (.tiff, [0x49, 0x49, 0x2A, 0]),
    (.tiff, [0x4D, 0x4D, 0, 0x2A]), (.tiff, [0x49, 0x49, 0x2B, 0]), (.tiff, [0x4D, 0x4D, 0, 0x2B]),
    (.jpegXL, [0xFF, 0x0A]), (.jpegXL, [0, 0, 0, 12] + Array("JXL ".utf8)),
    (.jpeg2000, [0, 0, 0, 12] + Array("jP  ".utf8)), (.jpeg2000, [0xFF, 0x4F, 0xFF, 0x51]),
    (.photoshop, Array("8BPS".utf8)), (.icon, [0, 0, 1, 0]), (.qoi, Array("qoif".utf8)),
    (.openEXR, [0x76, 0x2F, 0x31, 0x01]), (.radiance, Array("#?RADIANCE".utf8)),
  ]

  /// Whether a text begins with a drawing's element, perhaps behind a declaration and comments.
  private static func isSVG(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let text = String(decoding: bytes.prefix(signatureSize), as: UTF8.self)
    let start = text.unicodeScalars.drop { $0.properties.isWhitespace || $0 == "\u{FEFF}" }
    return start.first == "<" && text.contains("<svg")
  }

  /// What a file seems to be whose bytes are no image that is read, and what to do about it.
  static func contents(of bytes: UnsafeRawBufferPointer) -> (found: String, advice: String) {
    let fetch = "fetch it again, or remove it"
    if bytes.isEmpty { return ("an empty file", fetch) }
    if let format = ImageFormat(signature: bytes) {
      return ("\(format.article) \(format.name) file", "convert it to PNG or JPEG")
    }
    if bytes.starts(with: "version https://git-lfs".utf8) {
      return ("a pointer of Git LFS", "fetch what it stands for, by git lfs pull")
    }
    let others: [(String, [UInt8])] = [
      ("a gzip file", [0x1F, 0x8B]), ("a ZIP archive", Array("PK\u{3}\u{4}".utf8)),
      ("a PDF file", Array("%PDF".utf8)), ("an AppleDouble file", [0, 5, 0x16, 7]),
    ]
    if bytes.dropFirst(4).starts(with: "ftyp".utf8) { return ("a film", "remove it") }
    if let other = others.first(where: { bytes.starts(with: $0.1) }) { return (other.0, fetch) }
    if let kind = textKind(of: Array(bytes.prefix(signatureSize))) {
      return (kind, "perhaps a server's answer in the place of the image: " + fetch)
    }
    return (bytes.allSatisfy { $0 == 0 } ? "nothing but zeros" : "something else", fetch)
  }

  /// What kind of text it is; nil for what is none.
  ///
  /// In any encoding that writes ASCII as such: most of a text is of it, and of its control characters a
  /// text has line ends and tabs only.
  private static func textKind(of bytes: [UInt8]) -> String? {
    guard bytes.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || (0x09...0x0D).contains($0) }),
      2 * bytes.count(where: { $0 < 0x80 }) > bytes.count
    else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).lowercased()
    if ["<!doctype html", "<html", "<head"].contains(where: text.contains) { return "text (HTML)" }
    switch text.unicodeScalars.first(where: { !$0.properties.isWhitespace && $0 != "\u{FEFF}" }) {
    case nil: return "blanks"
    case "<": return "text (XML)"
    case "{", "[": return "text (JSON)"
    default: return "text"
    }
  }

  private var article: String {
    switch self {
    case .avif, .icon, .openEXR, .svg: "an"
    default: "a"
    }
  }
}
