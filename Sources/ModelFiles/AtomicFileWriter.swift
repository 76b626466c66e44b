#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Takes the content of a file that ``AtomicFile`` writes, from first to last byte.
public struct AtomicFileWriter: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private let expectedSize: Int?
  private let writing: FileWriting
  /// How many bytes have been written.
  public private(set) var count = 0

  init(path: String, descriptor: Int32, expectedSize: Int?, writing: FileWriting) {
    self.path = path
    self.descriptor = descriptor
    self.expectedSize = expectedSize
    self.writing = writing
  }

  /// Appends bytes.
  ///
  /// Unbuffered: every call is at least one of the system's.
  ///
  /// - Throws: ``ModelFileError`` where they cannot be written; on a full disk, with the bytes that
  ///   are needed and those that were free.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ModelFileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest)
      #if canImport(Glibc)
      let written = Glibc.write(descriptor, chunk.baseAddress, chunk.count)
      #elseif canImport(Musl)
      let written = Musl.write(descriptor, chunk.baseAddress, chunk.count)
      #else
      let written = Darwin.write(descriptor, chunk.baseAddress, chunk.count)
      #endif
      guard written >= 0 else {
        if errno == EINTR { continue }
        throw failure(errno, "to write \(chunk.count) bytes", waiting: chunk.count)
      }
      rest = rest.dropFirst(written)
      count += written
    }
  }

  /// Appends bytes; see ``write(_:)-(UnsafeRawBufferPointer)``.
  public mutating func write(_ bytes: [UInt8]) throws(ModelFileError) {
    // `withUnsafeBytes` does not carry a typed error, so it is carried around it.
    var failed: ModelFileError?
    bytes.withUnsafeBytes { buffer in
      do throws(ModelFileError) { try write(buffer) } catch { failed = error }
    }
    if let failed { throw failed }
  }

  /// Forces what was written to the disk.
  func synchronize() throws(ModelFileError) {
    guard !AtomicFile.synchronize(descriptor) else { return }
    if MissingOperation.synchronize.isMeant(by: errno) {
      throw MissingOperation.synchronize.error(errno, path: path)
    }
    throw failure(errno, "to force to the disk")
  }

  /// The error of a call that failed on the file that is written.
  ///
  /// - Parameter waiting: How many bytes were given to ``write(_:)-(UnsafeRawBufferPointer)`` and
  ///   are not written.
  func failure(_ number: Int32, _ action: String, waiting: Int = 0) -> ModelFileError {
    guard number == ENOSPC || number == EDQUOT else {
      return .system(number, path: path, action: action)
    }
    let needed = expectedSize.map(String.init) ?? "at least \(count + waiting)"
    var status = statvfs()
    // What is free now and what this file gives back, which is removed.
    let free =
      fstatvfs(descriptor, &status) == 0
      ? "\(Int(status.f_bavail) * Int(status.f_frsize) + count) bytes were free"
      : "\(count) bytes fitted"
    let rest =
      switch writing {
      case .atomic: "an old file is still there."
      case .inPlace: "the file is removed, and an old one with it."
      }
    return .system(
      number, path: path, action: action,
      advice: "The file needs \(needed) bytes, and \(free): "
        + "free some, or write to another disk; \(rest)")
  }
}
