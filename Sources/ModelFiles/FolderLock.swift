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
/// when nobody holds the lock; it is not removed because another process may just have opened it.
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
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .system(errno, path: path, action: "to create the file that claims the folder")
    }
    self.descriptor = descriptor
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: return nil
      case ENOLCK, ENOSYS, EOPNOTSUPP:
        // As some cluster file systems are mounted. The training is worth more than the check.
        warning =
          "\(folder): the file system has no locks; see to it that no second process uses the folder."
        return
      case let number:
        throw .system(number, path: path, action: "to lock the file that claims the folder")
      }
    }
    warning = nil
  }

  /// Whether somebody has ever claimed the folder.
  package static func exists(in folder: String) -> Bool { access(folder + "/" + name, F_OK) == 0 }

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
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(
      by: Int(status.f_frsize))
    return overflow ? Int.max : bytes
  }
}
