import CZlib
package import Foundation

/// The bytes of a file from front to back, decompressed where the file is gzip, which its first
/// bytes tell.
///
/// Trusts nothing: a file that ends early, checksums that are wrong, bytes that follow the last gzip
/// member are typed errors. Takes the same small memory for any file. For one thread at a time.
package final class DecompressingReader {
  /// The file's path, for errors.
  package let name: String
  /// The size of the file itself.
  package let storedSize: Int
  /// Whether the file is gzip.
  package let isCompressed: Bool
  /// How many bytes have been read.
  package private(set) var offset = 0

  private let source: ByteSource
  /// What was read from the file and not used yet.
  private let window: UnsafeMutableBufferPointer<UInt8>
  private var windowStart = 0
  private var windowEnd = 0
  /// zlib wants its state to stay where it is.
  ///
  /// Nil for a plain file.
  private let stream: UnsafeMutablePointer<z_stream>?
  private var isAtEnd = false

  /// Opens a file.
  ///
  /// - Throws: ``DatasetError`` if it is no regular file that can be read.
  package convenience init(contentsOf url: URL) throws {
    try self.init(ByteSource(path: url.path))
  }

  /// Reads from bytes in memory that stand for the file `name`.
  package convenience init(bytes: [UInt8], name: String) throws {
    try self.init(ByteSource(bytes: bytes, name: name))
  }

  private init(_ source: ByteSource) throws {
    self.source = source
    self.name = source.name
    self.storedSize = source.size
    self.window = UnsafeMutableBufferPointer.allocate(
      capacity: min(max(source.size, 1), 1 << 18))
    window.initialize(repeating: 0)
    var filled = 0
    do {
      filled = try source.read(into: UnsafeMutableRawBufferPointer(window))
    } catch {
      window.deallocate()
      throw error
    }
    self.windowEnd = filled
    self.isCompressed = filled >= 2 && window[0] == 0x1F && window[1] == 0x8B
    if isCompressed {
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      self.stream = stream
      // 15 bits of window, which is the most there are; 16: gzip and no other wrapping.
      guard czlib_inflate_init2(stream, 15 + 16) == Z_OK else {
        throw DatasetError(noMemoryAt: source.name, expected: "memory for decompression")
      }
    } else {
      self.stream = nil
    }
  }

  deinit {
    window.deallocate()
    if let stream {
      inflateEnd(stream)
      stream.deallocate()
    }
  }

  /// Another reader at the start of the same file.
  package func reopened() throws -> DecompressingReader {
    try DecompressingReader(source.reopened())
  }

  /// Reads up to `buffer.count` bytes, fewer only at the end.
  ///
  /// - Returns: How many were read.
  /// - Throws: ``DatasetError`` if the file cannot be read, ends inside of a gzip member, or is
  ///   damaged.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var filled = 0
    while filled < buffer.count, !isAtEnd {
      if let stream {
        filled += try inflate(stream, into: base + filled, count: buffer.count - filled)
      } else {
        filled += try copy(into: base + filled, count: buffer.count - filled)
      }
    }
    offset += filled
    return filled
  }

  /// Reads exactly `buffer.count` bytes.
  ///
  /// - Parameter what: What they are, for the error: "pixels".
  /// - Throws: ``DatasetError`` if there are fewer, or as ``read(into:)``.
  package func read(exactlyInto buffer: UnsafeMutableRawBufferPointer, what: String) throws {
    let start = offset
    let count = try read(into: buffer)
    guard count == buffer.count else {
      throw DatasetError(
        .truncated, at: "\(name), byte \(start)", expected: "\(buffer.count) bytes of \(what)",
        found: "\(count)", advice: "fetch the file again; it is incomplete")
    }
  }

  /// Checks that nothing follows what was read, and a gzip file's checksum with it.
  ///
  /// - Throws: ``DatasetError`` if bytes follow, or as ``read(into:)``.
  package func expectEnd() throws {
    let end = offset
    var byte: UInt8 = 0
    if try withUnsafeMutableBytes(of: &byte, { try read(into: $0) }) != 0 {
      throw DatasetError(
        .tooLarge, at: "\(name), byte \(end)", expected: "the end of the file", found: "more bytes",
        advice: "check that the file is the one meant; its header promises less")
    }
  }

  /// Checks that `count` more bytes and then the end can follow, before memory is taken for them.
  ///
  /// A plain file's size tells. For gzip, more than deflate can ever pack into the file is refused
  /// at once; memory up to 64 MB or 32 times the file is granted; and where a header asks for more
  /// than that, the file is decompressed once without keeping anything, to see whether it is true.
  ///
  /// - Throws: ``DatasetError`` if the bytes are not there.
  package func checkRemainder(is count: Int, what: String) throws {
    let rest: Int
    if isCompressed {
      let packable = storedSize.multipliedReportingOverflow(by: 1032)
      let (end, overflow) = offset.addingReportingOverflow(count)
      if !overflow, packable.overflow || end <= packable.partialValue {
        if count <= max(64 << 20, storedSize * 32) { return }
        rest = try reopened().measured(upTo: end + 1) - offset
      } else {
        rest = 0
      }
    } else {
      rest = storedSize - offset
    }
    guard rest == count else {
      let found = isCompressed && rest == 0 ? "a file too small to hold them" : "\(rest)"
      throw DatasetError(
        rest < count ? .truncated : .tooLarge, at: "\(name), byte \(offset)",
        expected: "\(count) bytes of \(what), as the header says, and then the end", found: found,
        advice: "fetch the file again; it is incomplete or not what its header says")
    }
  }

  /// The number of bytes up to the end, or `limit` if that comes first.
  private func measured(upTo limit: Int) throws -> Int {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { scratch.deallocate() }
    var total = 0
    while total < limit {
      let count = try read(into: scratch)
      total += count
      if count < scratch.count { break }
    }
    return min(total, limit)
  }

  /// Makes the window hold at least one unused byte; false at the end of the file.
  private func refill() throws -> Bool {
    if windowStart < windowEnd { return true }
    windowStart = 0
    windowEnd = try source.read(into: UnsafeMutableRawBufferPointer(window))
    return windowEnd > 0
  }

  /// Copies from a plain file.
  private func copy(into destination: UnsafeMutableRawPointer, count: Int) throws -> Int {
    guard try refill() else {
      isAtEnd = true
      return 0
    }
    let length = min(count, windowEnd - windowStart)
    destination.copyMemory(from: window.baseAddress! + windowStart, byteCount: length)
    windowStart += length
    return length
  }

  /// Decompresses some bytes; may be none.
  private func inflate(
    _ stream: UnsafeMutablePointer<z_stream>, into destination: UnsafeMutableRawPointer, count: Int
  ) throws -> Int {
    let hasInput = try refill()
    let asked = min(count, 1 << 30)
    stream.pointee.next_in = window.baseAddress! + windowStart
    stream.pointee.avail_in = UInt32(windowEnd - windowStart)
    stream.pointee.next_out = destination.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(asked)
    let status = CZlib.inflate(stream, Z_NO_FLUSH)
    windowStart = windowEnd - Int(stream.pointee.avail_in)
    let produced = asked - Int(stream.pointee.avail_out)
    switch status {
    case Z_OK:
      return produced
    case Z_STREAM_END:
      try beginNextMember(stream)
      return produced
    case Z_BUF_ERROR where !hasInput:
      throw DatasetError(
        .truncated, at: "\(name), byte \(storedSize)", expected: "the rest of the gzip data",
        found: "the end of the file", advice: "fetch the file again; it is incomplete")
    default:
      let message = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
      throw DatasetError(
        .malformed, at: "\(name), after byte \(offset + produced) of the decompressed data",
        expected: "gzip data", found: message, advice: "fetch the file again; it is damaged")
    }
  }

  /// After a member's end: another member, or the end of the file.
  private func beginNextMember(_ stream: UnsafeMutablePointer<z_stream>) throws {
    guard try refill() else {
      isAtEnd = true
      return
    }
    guard window[windowStart] == 0x1F, inflateReset(stream) == Z_OK else {
      throw DatasetError(
        .malformed, at: "\(name), after byte \(offset) of the decompressed data",
        expected: "another gzip member or the end of the file",
        found: "other bytes after the compressed data",
        advice: "fetch the file again; something was appended to it")
    }
  }
}
