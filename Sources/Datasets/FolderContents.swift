import FilePaths
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
  var name: String { components.last ?? path.split(separator: "/").last.map(String.init) ?? path }

  /// The path of a file or folder in it.
  func path(of name: String) -> String { path + "/" + name }

  /// A folder, the folders in it, and the folders in these, level by level: read when asked for.
  ///
  /// Hidden names and what systems leave behind (``LeftBehind``) are left out; links are followed. A folder that cannot
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
    guard let entries = FileSystem.entries(of: path) else { return nil }
    var files: [String] = []
    var folders: [String] = []
    for entry in entries where !entry.isHidden && !LeftBehind.contains(entry.name) {
      switch entry.kind {
      case .folder: folders.append(entry.name)
      case .file: if isWanted(entry.name) { files.append(entry.name) }
      case .other, .missing: break
      }
    }
    self.path = path
    self.components = components
    self.files = files.sorted()
    self.folders = folders.sorted()
  }
}
