#if canImport(Glibc)
package import Glibc
#elseif canImport(Musl)
package import Musl
#elseif canImport(Darwin)
package import Darwin
#endif

extension FileSystem {
  /// Something in a folder.
  package struct Entry: Hashable, Sendable {
    /// What it is, links followed.
    package enum Kind: Hashable, Sendable {
      case folder
      case file
      /// A device, a pipe or a socket.
      case other
      /// A link to nothing.
      case missing
    }

    /// The name, in the text form.
    package let name: String
    /// What it is.
    package let kind: Kind
    /// Whether the name begins with a dot.
    package let isHidden: Bool
  }

  /// What a folder holds, without `.` and `..`, in no order; nil where it cannot be read.
  ///
  /// By `readdir`, which tells files from folders without a system call for each.
  package static func entries(of path: String) -> [Entry]? {
    guard let folder = withPath(path, else: nil, { opendir($0) }) else { return nil }
    defer {
      let number = errno
      closedir(folder)
      errno = number
    }
    var result: [Entry] = []
    while true {
      // Only so is a failure to be told from the end.
      errno = 0
      guard let entry = readdir(folder) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name == [UInt8(ascii: ".")] || name == Array("..".utf8) { continue }
      result.append(
        Entry(
          name: PathText.encode(name), kind: kind(of: entry, name, in: dirfd(folder)),
          isHidden: name.first == UInt8(ascii: ".")))
    }
    return errno == 0 ? result : nil
  }

  private static func kind(
    of entry: UnsafeMutablePointer<dirent>, _ name: [UInt8], in folder: Int32
  ) -> Entry.Kind {
    switch Int(entry.pointee.d_type) {
    case Int(DT_DIR): return .folder
    case Int(DT_REG): return .file
    default:
      // A link, or a file system that does not tell.
      guard let status = status(of: PathText.encode(name), in: folder, followsLink: true)
      else { return .missing }
      return switch status.st_mode & S_IFMT {
      case S_IFDIR: .folder
      case S_IFREG: .file
      default: .other
      }
    }
  }
}

/// Which file or folder it is, whatever it is called.
package struct FileIdentity: Hashable, Sendable {
  private let device: dev_t
  private let number: ino_t

  /// The identity of what the system has told of.
  package init(_ status: stat) {
    device = status.st_dev
    number = status.st_ino
  }
}
