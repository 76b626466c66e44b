import FilePaths
import TestSupport
import Testing

@Suite struct PathTextTests {
  /// Names and their text forms, each the other's.
  private static let pairs: [(bytes: [UInt8], text: String)] = [
    ([], ""),
    (Array("runs/digits 1.png".utf8), "runs/digits 1.png"),
    (Array("Füße/日本/🐈".utf8), "Füße/日本/🐈"),
    // Latin-1.
    ([0x63, 0x61, 0x66, 0xE9], #"caf\xE9"#),
    ([0xE9, 0x74, 0xE9], #"\xE9t\xE9"#),
    // Shift JIS, whose second bytes may be a backslash.
    ([0x83, 0x5C, 0x83, 0x8B], #"\x83\\x83\x8B"#),
    // A character that is cut off, one that is too long, and half of a pair of UTF-16.
    ([0xE6, 0x97], #"\xE6\x97"#), ([0xE6, 0x97, 0x61], #"\xE6\x97a"#),
    ([0xC0, 0xAF], #"\xC0\xAF"#), ([0xED, 0xA0, 0x80], #"\xED\xA0\x80"#),
    // The sign of a repair is a character like others.
    ([0xEF, 0xBF, 0xBD], "\u{FFFD}"),
    // Backslashes that nobody can mistake stay, others do not.
    (Array(#"a\b\\c\"#.utf8), #"a\b\\c\"#), (Array(#"\x"#.utf8), #"\x"#),
    (Array(#"\xE"#.utf8), #"\xE"#), (Array(#"\xEG"#.utf8), #"\xEG"#),
    (Array(#"\x41\x2F\x00"#.utf8), #"\x41\x2F\x00"#),
    (Array(#"\xE9"#.utf8), #"\x5CxE9"#), (Array(#"\xe9"#.utf8), #"\x5Cxe9"#),
    (Array(#"\x5C"#.utf8), #"\x5Cx5C"#), (Array(#"\x5CxE9"#.utf8), #"\x5Cx5CxE9"#),
    (Array(#"\\xFF"#.utf8) + [0xFF], #"\\x5CxFF\xFF"#),
    // Control characters stay.
    ([0x0A, 0x07], "\n\u{7}"),
  ]

  @Test(arguments: pairs.indices) func writesAndReads(_ index: Int) {
    let (bytes, text) = Self.pairs[index]
    #expect(PathText.encode(bytes) == text)
    #expect(Array(PathText.encode(bytes).utf8) == Array(text.utf8))
    #expect(PathText.decode(text) == bytes)
  }

  @Test func everyByteAlone() {
    for byte in UInt8.min...UInt8.max {
      let text = PathText.encode([byte])
      #expect(PathText.decode(text) == [byte])
      #expect(text.utf8.count == (byte < 0x80 ? 1 : 4), "\(byte)")
    }
  }

  @Test func everyByteBehindAnother() {
    var lost: [[UInt8]] = []
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        let bytes = [first, second]
        if PathText.decode(PathText.encode(bytes)) != bytes { lost.append(bytes) }
      }
    }
    #expect(lost.isEmpty)
  }

  /// Of the bytes that matter, so that sequences come about.
  @Test func randomBytes() {
    let letters: [UInt8] = Array(#"\x5C9eEa/"#.utf8) + [0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xFF]
    var generator = SplitMix(state: 7)
    var lost: [[UInt8]] = []
    var texts: Set<String> = []
    var names: Set<[UInt8]> = []
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        letters.randomElement(using: &generator) ?? 0
      }
      let text = PathText.encode(bytes)
      if PathText.decode(text) != bytes { lost.append(bytes) }
      texts.insert(text)
      names.insert(bytes)
    }
    #expect(lost.isEmpty)
    #expect(texts.count == names.count && names.count > 10_000)
  }

  /// What was not written by `encode` names something all the same, and always the same.
  @Test func otherTexts() {
    #expect(PathText.decode(#"caf\xe9"#) == [0x63, 0x61, 0x66, 0xE9])
    #expect(PathText.decode(#"\xC3\xA9"#) == Array("é".utf8))
    #expect(PathText.decode(#"\x2F\x00\x41"#) == Array(#"\x2F\x00\x41"#.utf8))
    #expect(PathText.decode(#"\u{e9}"#) == Array(#"\u{e9}"#.utf8))
  }

  /// Characters that look the same are different names.
  @Test func keepsCompositions() {
    for text in ["\u{E9}", "e\u{301}", "\u{301}x", "\r\n"] {
      #expect(PathText.decode(text) == Array(text.utf8))
      #expect(Array(PathText.encode(Array(text.utf8)).utf8) == Array(text.utf8))
    }
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
