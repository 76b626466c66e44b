#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ModelFileError {
  /// The error of a system call that failed.
  ///
  /// - Parameters:
  ///   - number: The error number that the call left.
  ///   - action: What the call was to do, as in "to open the file for reading".
  static func system(
    _ number: Int32, path: String, action: String, advice: String? = nil
  ) -> ModelFileError {
    ModelFileError(
      file: path, expected: action, found: systemText(number),
      advice: advice ?? generalAdvice(number), systemError: number)
  }

  /// The system's words for an error number, and the number.
  static func systemText(_ number: Int32) -> String {
    let words = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      guard let start = text.baseAddress, strerror_r(number, start, text.count) == 0 else {
        return "unknown"
      }
      return String(cString: start)
    }
    return "system error \(number) (\(words))"
  }

  private static func generalAdvice(_ number: Int32) -> String {
    switch number {
    case ENOENT: "Check the path; folders are not created."
    case ENOTDIR: "A part of the path is not a folder; check the path."
    case EACCES, EPERM: "Check the permissions of the file and of its folder."
    case EROFS: "The file system is read-only; choose another folder."
    case EMFILE, ENFILE: "Close files, or raise the limit on open files (ulimit -n)."
    case ENAMETOOLONG: "Choose a shorter name."
    case ELOOP: "The symbolic links of the path lead in a circle; repair them."
    case EFBIG: "Raise the limit on the size of files (ulimit -f)."
    case EIO: "The storage failed; look into the system's log, and use another disk."
    case ENOMEM: "Free memory, or use a machine with more of it."
    default: "Check the path and the storage behind it."
    }
  }
}
