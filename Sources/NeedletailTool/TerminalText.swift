/// Text as a terminal shows it.
enum TerminalText {
  /// The start of a text that takes at most so many columns, and at least one character.
  static func cut(_ text: String, toColumns limit: Int) -> Substring {
    var (end, columns) = (text.startIndex, 0)
    while end < text.endIndex {
      columns += columnCount(text[end])
      if columns > limit && end > text.startIndex { break }
      end = text.index(after: end)
    }
    return text[..<end]
  }

  /// How many columns a character takes: 2 for those of East Asia and for pictures.
  ///
  /// By ranges of Unicode's East Asian Width, as terminals do; the C library's `wcwidth` knows only the
  /// characters of the locale.
  static func columnCount(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    let isPicture = character.unicodeScalars.contains {
      $0.value == 0xFE0F || $0.properties.isEmojiPresentation
    }
    return isPicture || wide.contains { $0.contains(first.value) } ? 2 : 1
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF,
    0x1B000...0x1B2FF, 0x20000...0x3FFFD,
  ]
}
