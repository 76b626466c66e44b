#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What becomes of a file while it is written anew.
public enum FileWriting: String, Sendable, Hashable, CaseIterable {
  /// At every moment the path names the complete old file or the complete new one, on the disk; see
  /// ``AtomicFile``.
  ///
  /// Takes a file system that renames files over others and forces them to the disk.
  case atomic
  /// The file is written where it lies: for file systems without these operations, such as mounts of object
  /// stores.
  ///
  /// A process or a machine that stops meanwhile leaves half of it, and the old one is gone. Where writing
  /// fails, the file is removed.
  case inPlace = "in-place"
}

/// What a file system does not do, and ``FileWriting/atomic`` takes.
enum MissingOperation: String {
  case rename = "rename a file to take the place of another"
  case synchronize = "force a file to the disk (fsync)"
  case append = "append to a file"

  /// Whether an error number says that there is no such operation, rather than that it failed.
  func isMeant(by number: Int32) -> Bool {
    switch number {
    case ENOSYS, EOPNOTSUPP, EINVAL: true
    // Some network file systems refuse so what they do not know.
    case EPERM: true
    case EXDEV: self != .synchronize
    default: false
    }
  }

  /// The error that says so.
  func error(_ number: Int32, path: String) -> ModelFileError {
    ModelFileError(
      file: path, expected: "a file system that can \(rawValue)",
      found: "one that cannot (\(ModelFileError.systemText(number)))",
      advice:
        "Without that, a file is lost where the process or the machine stops while it is written. Write "
        + "to a disk and copy the folder, or do without that guarantee (--without-atomic-writes; "
        + "FileWriting.inPlace).",
      systemError: EOPNOTSUPP)
  }
}
