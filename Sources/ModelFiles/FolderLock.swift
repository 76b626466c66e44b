import FilePaths

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The claim of one process to a folder, which ends with the object or the process, whatever ends
/// it.
///
/// The claim is a lock (`flock`) on the file `.lock` in the folder. The file stays, empty of meaning
/// when nobody holds the lock; only who holds it may remove it, with the folder.
package final class FolderLock: Sendable {
  private static let name = ".lock"
  private let descriptor: Int32
  /// Why the folder could not be claimed although nobody is known to hold it: its file system has no
  /// locks.
  ///
  /// Nil where all is well.
  package let warning: String?

  /// Claims a folder, which exists.
  ///
  /// - Returns: Nil where another process, or another object of this one, holds it.
  /// - Throws: ``ModelFileError`` where the file cannot be created.
  package init?(folder: String) throws(ModelFileError) {
    let path = folder + "/" + Self.name
    while true {
      var descriptor = FileSystem.open(
        path, flags: O_RDWR | O_CREAT | O_CLOEXEC, permissions: 0o666)
      // Mounts of object stores open a file for one or the other.
      if descriptor < 0, [EINVAL, ENOSYS, EOPNOTSUPP, EPERM].contains(errno) {
        descriptor = FileSystem.open(
          path, flags: O_WRONLY | O_CREAT | O_CLOEXEC, permissions: 0o666)
      }
      guard descriptor >= 0 else {
        throw .system(errno, path: path, action: "to create the file that claims the folder")
      }
      var warning: String?
      switch Self.lock(descriptor) {
      case 0: break
      case EWOULDBLOCK:
        close(descriptor)
        return nil
      case ENOLCK, ENOSYS, EOPNOTSUPP, EPERM:
        // As some cluster file systems are mounted, and as some filters of system calls answer. The
        // training is worth more than the check.
        warning =
          "\(folder): no locks are to be had there; see to it that no second process uses the folder."
      case let number:
        close(descriptor)
        throw .system(number, path: path, action: "to lock the file that claims the folder")
      }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_nlink == 0 else {
        self.descriptor = descriptor
        self.warning = warning
        return
      }
      // Whoever held it has removed it since it was opened here: another may hold a new one.
      close(descriptor)
    }
  }

  /// Zero, or the error number.
  private static func lock(_ descriptor: Int32) -> Int32 {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EINTR else { return errno }
    }
    return 0
  }

  /// Whether somebody has ever claimed the folder.
  package static func exists(in folder: String) -> Bool { FileSystem.exists(folder + "/" + name) }

  /// Removes the folder if nothing but the file of its claim is in it; only for who holds the claim.
  package static func removeFolder(_ folder: String) {
    // The file goes first; a folder that holds something else gets another with its next claim.
    FileSystem.removeFile(folder + "/" + name)
    FileSystem.removeFolder(folder)
  }

  deinit {
    // A child that was forked and has not yet become another program holds the file open, too.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}

/// The space of the file system that a folder is on.
package enum FolderSpace {
  /// The bytes that this process may still write; nil where the system does not tell.
  package static func freeByteCount(of folder: String) -> Int? {
    guard let status = FileSystem.volume(of: folder) else { return nil }
    let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(
      by: Int(status.f_frsize))
    return overflow ? Int.max : bytes
  }
}
