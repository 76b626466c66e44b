import FilePaths

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension AtomicFile {
  /// Writes a file where it lies; see ``FileWriting/inPlace``.
  static func writeInPlace(
    to path: String, expectedSize: Int?,
    _ body: (inout AtomicFileWriter) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    let target = try resolved(path)
    let full = target.folder + target.name
    if let status = FileSystem.status(of: full, followsLink: false),
      status.st_mode & S_IFMT != S_IFREG
    {
      throw ModelFileError(
        file: path, expected: "a regular file or none", found: "a folder, a device or a pipe",
        advice: "Choose another path.")
    }
    let descriptor = FileSystem.open(
      full, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions: 0o666)
    guard descriptor >= 0 else { throw .system(errno, path: path, action: "to open for writing") }
    do throws(ModelFileError) {
      var isOpen = true
      defer { if isOpen { close(descriptor) } }
      var writer = AtomicFileWriter(
        path: path, descriptor: descriptor, expectedSize: expectedSize, writing: .inPlace)
      try body(&writer)
      // What the file system cannot do was given up; what it can do and fails at is told.
      if !synchronize(descriptor), !MissingOperation.synchronize.isMeant(by: errno) {
        throw writer.failure(errno, "to force to the disk")
      }
      isOpen = false
      // Object stores take the file here.
      guard close(descriptor) == 0 || errno == EINTR else {
        throw writer.failure(errno, "to close")
      }
    } catch {
      // Half of a file must not pass for one.
      FileSystem.removeFile(full)
      throw error
    }
  }

  /// Throws where a folder's file system lacks what ``FileWriting/atomic`` takes, or refuses it.
  ///
  /// Writes a file, in place of one that is there, appends to it, and removes it: so a training learns at
  /// its start what would else end it at its first checkpoint.
  package static func checkSupport(in folder: String) throws(ModelFileError) {
    // Named as scratch files are: no file of the user's, and removed after a process that was
    // killed.
    let path = folder + "/" + newScratchName(for: "probe")
    defer { FileSystem.removeFile(path) }
    for byte in UInt8(0)...1 { try write([byte], to: path) }
    let descriptor = FileSystem.open(path, flags: O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else {
      if MissingOperation.append.isMeant(by: errno) {
        throw MissingOperation.append.error(errno, path: folder)
      }
      throw .system(errno, path: path, action: "to open for appending")
    }
    defer { close(descriptor) }
    var writer = AtomicFileWriter(
      path: path, descriptor: descriptor, expectedSize: nil, writing: .atomic)
    try writer.write([2])
    try writer.synchronize()
  }
}
