import FilePaths
import Foundation

/// Where bytes come from: a file, or memory that stands for one.
package final class ByteSource {
  /// The path, for errors.
  package let name: String
  /// The number of bytes when it was opened.
  package let size: Int

  private enum Origin {
    case file(descriptor: Int32)
    case memory([UInt8])
  }

  private let origin: Origin
  private var position = 0

  /// Opens a file.
  ///
  /// - Throws: ``DatasetError`` if it is no regular file that can be read.
  package init(path: String) throws {
    // A pipe or a device would make opening wait without O_NONBLOCK.
    let descriptor = FileSystem.open(path, flags: O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw DatasetError(
        systemError: errno, at: path, expected: "a file that can be read",
        advice: "check the path and its permissions")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw DatasetError(
        .unreadable, at: path, expected: "a file", found: "a folder, device or pipe",
        advice: "name a regular file")
    }
    self.name = path
    self.size = Int(status.st_size)
    self.origin = .file(descriptor: descriptor)
  }

  /// Reads from bytes in memory that stand for the file `name`.
  package init(bytes: [UInt8], name: String) {
    self.name = name
    self.size = bytes.count
    self.origin = .memory(bytes)
  }

  deinit {
    if case .file(let descriptor) = origin { close(descriptor) }
  }

  /// The same source from its start.
  package func reopened() throws -> ByteSource {
    switch origin {
    case .file: try ByteSource(path: name)
    case .memory(let bytes): ByteSource(bytes: bytes, name: name)
    }
  }

  /// Reads up to `buffer.count` bytes, fewer only at the end.
  ///
  /// - Returns: How many were read.
  /// - Throws: ``DatasetError`` if the system reports an error.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    switch origin {
    case .memory(let bytes):
      filled = min(buffer.count, bytes.count - position)
      buffer.copyBytes(from: bytes[position..<position + filled])
    case .file(let descriptor):
      guard let base = buffer.baseAddress else { return 0 }
      while filled < buffer.count {
        #if canImport(Darwin)
        let count = Darwin.read(descriptor, base + filled, buffer.count - filled)
        #else
        let count = Foundation.read(descriptor, base + filled, buffer.count - filled)
        #endif
        if count == 0 { break }
        if count < 0 {
          if errno == EINTR { continue }
          throw unreadable(at: position + filled)
        }
        filled += count
      }
    }
    position += filled
    return filled
  }

  /// Reads up to `buffer.count` bytes from a place on, fewer only at the end; the next `read(into:)`
  /// goes on from where the last one was.
  ///
  /// - Returns: How many were read.
  /// - Throws: ``DatasetError`` if the system reports an error.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at place: Int) throws -> Int {
    switch origin {
    case .memory(let bytes):
      let start = min(place, bytes.count)
      let count = min(buffer.count, bytes.count - start)
      buffer.copyBytes(from: bytes[start..<start + count])
      return count
    case .file(let descriptor):
      var filled = 0
      guard let base = buffer.baseAddress else { return 0 }
      while filled < buffer.count {
        let count = pread(descriptor, base + filled, buffer.count - filled, off_t(place + filled))
        if count == 0 { break }
        if count < 0 {
          if errno == EINTR { continue }
          throw unreadable(at: place + filled)
        }
        filled += count
      }
      return filled
    }
  }

  /// The error of a read that the system refused.
  private func unreadable(at place: Int) -> DatasetError {
    DatasetError(
      systemError: errno, at: "\(name), byte \(place)", expected: "more bytes",
      advice: "check the disk or the network")
  }
}
