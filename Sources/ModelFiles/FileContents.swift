import FilePaths

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Bytes that never change after they were read.
final class FileContents: @unchecked Sendable {
  /// The bytes.
  let bytes: UnsafeRawBufferPointer

  /// Takes memory for `count` bytes and lets `fill` write all of them.
  ///
  /// Returns nil where the system has not that much memory, which `Array` would answer by ending
  /// the program.
  init?(
    count: Int, fill: (UnsafeMutableRawBufferPointer) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    guard let memory = malloc(max(count, 1)) else { return nil }
    let buffer = UnsafeMutableRawBufferPointer(start: memory, count: count)
    bytes = UnsafeRawBufferPointer(buffer)
    try fill(buffer)
  }

  deinit {
    free(UnsafeMutableRawPointer(mutating: bytes.baseAddress))
  }
}

/// A regular file that is open for reading and should keep the size it had when it was opened.
struct OpenFile: ~Copyable {
  /// The path, as it was given.
  let path: String
  /// The size in bytes.
  let count: Int
  private let descriptor: Int32

  /// Opens a file; refuses folders, devices and pipes.
  init(path: String) throws(ModelFileError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw ModelFileError(
        file: quoted(path), expected: "the path of a file", found: "no such path",
        advice: "Give a path without zero bytes.")
    }
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let descriptor = FileSystem.open(path, flags: O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .system(errno, path: path, action: "to open the file for reading")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw .system(number, path: path, action: "to ask for the file's size")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ModelFileError(
        file: path, expected: "a regular file",
        found: status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or a pipe",
        advice: "Give the path of the file itself.")
    }
    self.path = path
    self.count = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Reads the next bytes until `buffer` is full.
  borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(ModelFileError) {
    var filled = 0
    while filled < buffer.count {
      let result = readSome(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      guard result >= 0 else {
        throw .system(errno, path: path, action: "to read the file")
      }
      guard result > 0 else { throw changed("fewer") }
      filled += result
    }
  }

  /// Checks that nothing follows the bytes read so far.
  borrowing func checkEnd() throws(ModelFileError) {
    var byte: UInt8 = 0
    let result = withUnsafeMutableBytes(of: &byte) { readSome(into: $0) }
    guard result >= 0 else {
      throw .system(errno, path: path, action: "to read the file")
    }
    guard result == 0 else { throw changed("more") }
  }

  private borrowing func readSome(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var result: Int
    repeat {
      #if canImport(Glibc)
      result = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      #elseif canImport(Musl)
      result = Musl.read(descriptor, buffer.baseAddress, buffer.count)
      #else
      result = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
      #endif
    } while result < 0 && errno == EINTR
    return result
  }

  private borrowing func changed(_ amount: String) -> ModelFileError {
    ModelFileError(
      file: path, expected: "\(count) bytes, as when the file was opened", found: amount,
      advice: "Another program is writing the file; read it again when that has ended.")
  }
}
