import Datasets
import FilePaths

extension FolderTree {
  /// The images in the folder and below, by path.
  func allImages(isForeign: Bool) -> [String] {
    var paths: [String] = []
    forEach { folder in
      paths += (isForeign ? folder.foreignImages : folder.images).map(folder.path(of:))
    }
    return paths.sorted()
  }

  /// The folder at a path below the root.
  func folder(at path: String) -> FolderTree? {
    if path == self.path { return self }
    let inside = folders.first { path == $0.path || path.hasPrefix($0.path + "/") }
    return inside?.folder(at: path)
  }

  /// Refuses a class that holds a folder twice, by links: its images would count double.
  func checkOnce(root: String) throws {
    var seen: Set<FileIdentity> = []
    try forEach { folder in
      guard seen.insert(folder.identity).inserted else {
        throw DatasetError(
          .malformed, at: root + "/" + folder.path, expected: "each folder once in a class",
          found: "a link to a folder that was read already", advice: "remove the link")
      }
    }
  }
}
