#if canImport(Glibc)
package import Glibc
#elseif canImport(Musl)
package import Musl
#elseif canImport(Darwin)
package import Darwin
#endif

/// The system's calls on paths, which they take in the text form (``PathText``).
///
/// Every use of a path goes through here: Swift's own conversions, and Foundation's, repair what is
/// not UTF-8, and then look for another name. A call that fails leaves the reason in `errno`; a text
/// with a zero byte, which no path has, fails with `EINVAL`.
package enum FileSystem {
  /// Opens a file; returns its descriptor, or -1.
  package static func open(_ path: String, flags: Int32, permissions: mode_t = 0) -> Int32 {
    withPath(path, else: -1) { systemOpen(AT_FDCWD, $0, flags, permissions) }
  }

  /// Opens a file in an open folder; returns its descriptor, or -1.
  package static func open(
    _ name: String, in folder: Int32, flags: Int32, permissions: mode_t = 0
  ) -> Int32 {
    withPath(name, else: -1) { systemOpen(folder, $0, flags, permissions) }
  }

  /// What the system tells of a file; nil where the call fails.
  ///
  /// - Parameter followsLink: Whether a link at the end of the path is followed.
  package static func status(of path: String, followsLink: Bool = true) -> stat? {
    status(of: path, in: AT_FDCWD, followsLink: followsLink)
  }

  /// What the system tells of a file in an open folder; nil where the call fails.
  package static func status(of name: String, in folder: Int32, followsLink: Bool) -> stat? {
    var status = stat()
    let flags = followsLink ? 0 : AT_SYMLINK_NOFOLLOW
    return withPath(name, else: -1) { fstatat(folder, $0, &status, flags) } == 0 ? status : nil
  }

  /// Whether there is a file or folder, links followed.
  package static func exists(_ path: String) -> Bool {
    withPath(path, else: -1) { access($0, F_OK) } == 0
  }

  /// Whether there is a folder, links followed.
  package static func isFolder(_ path: String) -> Bool {
    status(of: path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// Creates a folder in one that exists.
  package static func createFolder(_ path: String) -> Bool {
    withPath(path, else: -1) { mkdir($0, 0o777) } == 0
  }

  /// Gives a file or folder another path, in place of a file that is there.
  package static func move(_ path: String, to newPath: String) -> Bool {
    move(path, to: newPath, in: AT_FDCWD)
  }

  /// Gives a file in an open folder another name, in place of a file that is there.
  package static func move(_ name: String, to newName: String, in folder: Int32) -> Bool {
    withPath(name, else: false) { old in
      withPath(newName, else: false) { renameat(folder, old, folder, $0) == 0 }
    }
  }

  /// Removes a file.
  @discardableResult
  package static func removeFile(_ path: String) -> Bool {
    removeFile(path, in: AT_FDCWD)
  }

  /// Removes a file in an open folder.
  @discardableResult
  package static func removeFile(_ name: String, in folder: Int32) -> Bool {
    withPath(name, else: -1) { unlinkat(folder, $0, 0) } == 0
  }

  /// Removes an empty folder.
  @discardableResult
  package static func removeFolder(_ path: String) -> Bool {
    withPath(path, else: -1) { rmdir($0) } == 0
  }

  /// The absolute path without links; nil where it names nothing.
  package static func realPath(_ path: String) -> String? {
    text(taking: withPath(path, else: nil) { realpath($0, nil) })
  }

  /// The folder in which relative paths begin; nil where it was removed.
  package static func workingFolder() -> String? {
    text(taking: getcwd(nil, 0))
  }

  /// The folder for files that need not last: `TMPDIR`'s, or `/tmp`.
  package static func temporaryFolder() -> String {
    guard let path = getenv("TMPDIR"), path[0] != 0 else { return "/tmp" }
    return text(path)
  }

  /// What the system tells of the file system that a path is on; nil where the call fails.
  package static func volume(of path: String) -> statvfs? {
    var status = statvfs()
    return withPath(path, else: -1) { statvfs($0, &status) } == 0 ? status : nil
  }

  /// Calls `body` with the bytes of a path; returns `failure` for a text that is none.
  static func withPath<Result>(
    _ path: String, else failure: Result, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    let bytes = PathText.decode(path)
    guard !bytes.contains(0) else {
      errno = EINVAL
      return failure
    }
    return (bytes + [0]).withUnsafeBytes { buffer in
      buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map(body) ?? failure }
    }
  }

  /// The text form of a path of the system's.
  static func text(_ path: UnsafePointer<CChar>) -> String {
    PathText.encode(UnsafeRawBufferPointer(start: path, count: strlen(path)))
  }

  private static func text(taking path: UnsafeMutablePointer<CChar>?) -> String? {
    guard let path else { return nil }
    defer { free(path) }
    return text(path)
  }
}

private func systemOpen(
  _ folder: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32, _ permissions: mode_t
) -> Int32 {
  openat(folder, path, flags, permissions)
}
