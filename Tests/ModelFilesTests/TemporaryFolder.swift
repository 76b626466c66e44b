import Glibc

/// A folder that is there for one test.
struct TemporaryFolder: ~Copyable {
  let path: String

  init() {
    let template = Array("/tmp/needletail-tests-XXXXXX".utf8CString)
    path = template.withUnsafeBufferPointer { template in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: template.count) { name in
        _ = name.update(fromContentsOf: template)
        guard let start = name.baseAddress, mkdtemp(start) != nil else {
          preconditionFailure("No temporary folder: error \(errno).")
        }
        return String(cString: start)
      }
    }
  }

  deinit {
    for name in names { unlink(path + "/" + name) }
    rmdir(path)
  }

  func file(_ name: String) -> String { path + "/" + name }

  /// The names in the folder, sorted.
  var names: [String] { Self.names(in: path) }

  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// The bytes of a file; nil where it cannot be read.
func contents(of path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return count == 0 ? bytes : nil }
    bytes += buffer.prefix(count)
  }
}

/// The permissions of a file, as in `0o644`.
func permissions(of path: String) -> mode_t {
  var status = stat()
  lstat(path, &status)
  return status.st_mode & 0o777
}
