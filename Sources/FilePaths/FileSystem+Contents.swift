#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension FileSystem {
  /// The bytes of a small file, of our own or of the system's; nil where it cannot be read.
  ///
  /// - Parameter limit: About how many bytes are read at most; what comes after is left out.
  package static func contents(of path: String, limit: Int = .max) -> [UInt8]? {
    // A pipe that somebody put in its place must not make opening wait.
    let descriptor = open(path, flags: O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    let piece = 1 << 16
    // The system's files have no size to ask for: they are written while they are read.
    while bytes.count < limit {
      var received = 0
      bytes += Array(unsafeUninitializedCapacity: piece) { buffer, count in
        received = read(descriptor, buffer.baseAddress, piece)
        count = max(received, 0)
      }
      if received == 0 { return bytes }
      if received < 0 && errno != EINTR { return nil }
    }
    return bytes
  }

  /// Creates a file with the given bytes, which need not survive the machine.
  package static func write(_ bytes: [UInt8], to path: String) -> Bool {
    let descriptor = open(
      path, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions: 0o666)
    guard descriptor >= 0 else { return false }
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[start...]))
      }
      if count > 0 { start += count }
      if count < 0 && errno != EINTR {
        let number = errno
        close(descriptor)
        errno = number
        return false
      }
    }
    return close(descriptor) == 0
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
