import Needletail

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard input, line by line, as it comes: in memory that does not grow with it.
struct StandardInput {
  /// Whether a person would have to type.
  static let isTerminal = isatty(STDIN_FILENO) == 1

  /// A line without its end.
  struct Line {
    /// Where it lies in the bytes that ``StandardInput/bytes(of:_:)`` shows.
    fileprivate let range: Range<Int>
    /// Whether it was longer than a line may be; then its bytes are gone.
    let isTooLong: Bool
  }

  /// Longer lines are not kept.
  let maximumLineLength: Int

  private var buffer: [UInt8]
  /// Where that begins in the buffer which was not yet given out.
  private var start = 0
  /// Where what was read ends.
  private var end = 0
  /// Whether the rest of a line that was too long is still to come.
  private var isSkipping = false
  private var isAtEnd = false
  /// Whether no line has been given out.
  private var isAtStart = true

  /// So much is read at once: what a pipe holds, and more of a file.
  private static let readSize = 1 << 18
  /// Once there is as much, the lines are given out, however few they are.
  private static let enough = 4 << 20

  init(maximumLineLength: Int) {
    self.maximumLineLength = maximumLineLength
    buffer = [UInt8](repeating: 0, count: Self.readSize)
  }

  /// The lines that have arrived, at most so many: waits for the first, not for more; none at the
  /// end of the input.
  ///
  /// - Throws: ``StreamError`` if reading fails; ``DatasetError`` if the text is not in UTF-8 by its
  ///   mark.
  mutating func nextLines(atMost most: Int) throws -> [Line] {
    let lines = try nextBareLines(atMost: most)
    if isAtStart, let first = lines.first {
      isAtStart = false
      if let encoding = Self.otherEncoding(buffer[first.range]) {
        throw DatasetError(
          .unsupported, at: "standard input, row 1", expected: "text in UTF-8",
          found: "the byte-order mark of \(encoding)",
          advice: "convert it: iconv -f \(encoding) -t UTF-8")
      }
    }
    return lines
  }

  /// The encoding whose mark stands at the start, of those that are not read.
  private static func otherEncoding(_ bytes: ArraySlice<UInt8>) -> String? {
    let marks: [(bytes: [UInt8], name: String)] = [
      ([0xFF, 0xFE, 0, 0], "UTF-32"), ([0, 0, 0xFE, 0xFF], "UTF-32"), ([0xFF, 0xFE], "UTF-16"),
      ([0xFE, 0xFF], "UTF-16"),
    ]
    return marks.first { bytes.starts(with: $0.bytes) }?.name
  }

  private mutating func nextBareLines(atMost most: Int) throws -> [Line] {
    if start > 0 {
      buffer.withUnsafeMutableBytes { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
      }
      end -= start
      start = 0
    }
    var lines: [Line] = []
    var searched = start
    while true {
      while lines.count < most, let newline = newline(from: searched) {
        if isSkipping {
          isSkipping = false
        } else {
          let length = newline - start
          lines.append(
            Line(range: start..<newline, isTooLong: length > maximumLineLength))
        }
        start = newline + 1
        searched = start
      }
      if lines.count == most || start >= Self.enough && !lines.isEmpty { return lines }
      searched = end
      if isSkipping {
        end = start
        searched = end
      } else if end - start > maximumLineLength {
        // What is left of it is not even looked at.
        lines.append(Line(range: start..<start, isTooLong: true))
        isSkipping = true
        end = start
        searched = end
        continue
      }
      if isAtEnd {
        if end > start {
          lines.append(Line(range: start..<end, isTooLong: false))
          start = end
        }
        return lines
      }
      if !lines.isEmpty && !Self.hasMore() { return lines }
      try readMore()
    }
  }

  /// Shows the bytes of lines of the last ``nextLines(atMost:)``.
  func withBytes<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    try buffer.withUnsafeBufferPointer(body)
  }

  private func newline(from position: Int) -> Int? {
    guard position < end else { return nil }
    return buffer.withUnsafeBytes { bytes in
      let base = bytes.baseAddress!
      return memchr(base + position, Int32(UInt8(ascii: "\n")), end - position)
        .map { UnsafeRawPointer($0) - base }
    }
  }

  /// Whether reading would not wait.
  private static func hasMore() -> Bool {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) > 0
  }

  private mutating func readMore() throws {
    if buffer.count - end < Self.readSize {
      buffer += [UInt8](repeating: 0, count: max(buffer.count, Self.readSize))
    }
    var count = 0
    repeat {
      count = buffer.withUnsafeMutableBytes { bytes in
        read(STDIN_FILENO, bytes.baseAddress! + end, Self.readSize)
      }
    } while count < 0 && errno == EINTR
    guard count >= 0 else { throw StreamError(stream: "standard input", number: errno) }
    end += count
    isAtEnd = count == 0
  }
}

extension StandardInput.Line {
  /// The line's bytes among those of the input.
  func bytes(in all: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: all[range])
  }
}
