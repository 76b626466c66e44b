import Foundation

/// What lies in one of the folders in which a data set's files are looked for: the folder that was
/// named, the folders in it, and the folders in these.
struct FolderContents {
  /// How many folders deep files are looked for.
  static let depth = 2

  /// The folder's path.
  let path: String
  /// Its path below the folder that was named; none for that one.
  let components: [String]
  /// The files that were asked for, by name.
  let files: [String]
  /// The folders in it, by name.
  let folders: [String]

  /// The folder's own name.
  var name: String { components.last ?? URL(fileURLWithPath: path).lastPathComponent }

  /// The path of a file or folder in it.
  func path(of name: String) -> String { path + "/" + name }

  /// A folder, the folders in it, and the folders in these, level by level: read when asked for.
  ///
  /// Names that begin with a dot and `__MACOSX` are left out; links are followed. A folder that cannot
  /// be read counts as empty: nothing can be looked for in it, and who needs it will say so.
  ///
  /// - Parameter isWanted: Whether a file of that name is of interest.
  static func levels(
    below path: String, isWanted: @escaping (String) -> Bool
  ) -> some Sequence<[FolderContents]> {
    sequence(first: [FolderContents(path: path, components: [], isWanted)].compactMap(\.self)) {
      level in
      level.flatMap { parent in
        parent.folders.compactMap { folder in
          FolderContents(
            path: parent.path(of: folder), components: parent.components + [folder], isWanted)
        }
      }
    }.prefix(depth + 1)
  }

  private init?(path: String, components: [String], _ isWanted: (String) -> Bool) {
    guard let folder = opendir(path) else { return nil }
    defer { closedir(folder) }
    var files: [String] = []
    var folders: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") || name == "__MACOSX" { continue }
      switch Int(entry.pointee.d_type) {
      case Int(DT_DIR): folders.append(name)
      case Int(DT_REG): if isWanted(name) { files.append(name) }
      default:
        // A link, or a file system that does not tell.
        var status = stat()
        guard stat(path + "/" + name, &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: folders.append(name)
        case S_IFREG: if isWanted(name) { files.append(name) }
        default: break
        }
      }
    }
    self.path = path
    self.components = components
    self.files = files.sorted()
    self.folders = folders.sorted()
  }
}
