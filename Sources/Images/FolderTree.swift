import Datasets
import FilePaths
import Foundation

/// A folder with all that lies below it, as it was found on the disk.
///
/// The whole tree is looked at before anything is decided about it. Links are followed. Passed over are
/// hidden files, what archives, notebooks and file servers leave behind, and run folders of trainings.
struct FolderTree: Sendable {
  /// The last part of its path.
  let name: String
  /// Its path below the root; empty for the root.
  let path: String
  /// What the file system knows it by.
  let identity: FileIdentity
  /// The folders in it, by name.
  fileprivate(set) var folders: [FolderTree] = []
  /// The names of its files that are images of a format that is read, going by their endings, or by their
  /// first bytes where they have none; sorted.
  fileprivate(set) var images: [String] = []
  /// The names of its files that are images of other formats, going by their endings; sorted.
  fileprivate(set) var foreignImages: [String] = []
  /// The names of all other files, sorted.
  fileprivate(set) var otherFiles: [String] = []
  /// The paths of run folders in it and below.
  fileprivate(set) var runFolders: [String] = []

  /// Whether there are images in the folder itself, not only below.
  var holdsImages: Bool { !images.isEmpty || !foreignImages.isEmpty }
  /// Whether there are images in it or below.
  var reachesImages: Bool { holdsImages || folders.contains(where: \.reachesImages) }
  /// Whether there are files in it or below that do not belong to a run.
  var reachesFiles: Bool {
    holdsImages || !otherFiles.isEmpty || folders.contains(where: \.reachesFiles)
  }
  /// The folders in it in which or below which there are images.
  var imageFolders: [FolderTree] { folders.filter(\.reachesImages) }

  /// How many images there are in it and below.
  var imageCount: Int {
    folders.reduce(images.count + foreignImages.count) { $0 + $1.imageCount }
  }

  /// The path below the root of something in this folder.
  func path(of name: String) -> String { path.isEmpty ? name : path + "/" + name }

  /// Calls `body` for the folder and all below, in the order of their paths.
  func forEach(_ body: (FolderTree) throws -> Void) rethrows {
    try body(self)
    for folder in folders { try folder.forEach(body) }
  }
}

// MARK: Reading

extension FolderTree {
  /// Reads a folder and all below.
  ///
  /// - Throws: `DatasetError` if a folder cannot be read, or a link leads back to a folder around it, or
  ///   links lead to one folder in more ways than there is time for.
  init(of url: URL) throws {
    var scan = Scan(root: url.path)
    self = try scan.tree(name: url.lastPathComponent, path: "")
  }

  private struct Scan {
    /// One folder can be part of several classes or parts; two links in each of thirty folders lead to a
    /// folder in 2³⁰ ways.
    private static let mostVisits = 64

    let root: String
    var around: Set<FileIdentity> = []
    var visits: [FileIdentity: Int] = [:]

    mutating func tree(name: String, path: String) throws -> FolderTree {
      let folder = path.isEmpty ? root : root + "/" + path
      guard let status = FileSystem.status(of: folder) else { throw unreadableFolder(folder) }
      let identity = FileIdentity(status)
      visits[identity, default: 0] += 1
      guard around.insert(identity).inserted, visits[identity]! <= Self.mostVisits else {
        throw DatasetError(
          .malformed, at: folder, expected: "each folder once on the way to an image",
          found: "a link to a folder that was read already, perhaps around it",
          advice: "remove the link")
      }
      defer { around.remove(identity) }
      var result = FolderTree(name: name, path: path, identity: identity)
      guard let entries = FileSystem.entries(of: folder) else { throw unreadableFolder(folder) }
      for entry in entries where !entry.isHidden && !LeftBehind.contains(entry.name) {
        // What is neither file nor folder is found when it is opened.
        if entry.kind == .folder {
          let inner = try tree(name: entry.name, path: result.path(of: entry.name))
          result.runFolders += inner.runFolders
          // One that holds images is a class or a part all the same.
          if inner.isRun && !inner.reachesImages {
            result.runFolders.append(inner.path)
          } else {
            result.folders.append(inner)
          }
        } else {
          let path = folder + "/" + entry.name
          switch try Self.isRead(entry, at: path) {
          case true?: result.images.append(entry.name)
          case false?: result.foreignImages.append(entry.name)
          case nil: result.otherFiles.append(entry.name)
          }
        }
      }
      result.sort()
      // The data folder itself may be the folder of runs: what a run writes is none of its classes.
      if path.isEmpty && result.isRun { result.folders.removeAll { $0.name == "checkpoints" } }
      return result
    }

    /// Whether an image is of a format that is read, by its name; nil for what is no image.
    ///
    /// A file whose name has no ending is one by its first bytes; which format it has is then found where
    /// it is read.
    ///
    /// - Throws: `DatasetError` where the system has no memory or open files for the look.
    private static func isRead(_ entry: FileSystem.Entry, at path: String) throws -> Bool? {
      guard ImageFormat.ending(ofFileNamed: entry.name).isEmpty, entry.kind == .file else {
        return ImageFormat(ofFileNamed: entry.name)?.isRead
      }
      do {
        var head = [UInt8](repeating: 0, count: ImageFormat.signatureSize)
        let count = try head.withUnsafeMutableBytes { try ByteSource(path: path).read(into: $0) }
        let format = head[..<count].withUnsafeBytes { ImageFormat(signature: $0) }
        return format?.hasSureSignature == true ? true : nil
      } catch let error as DatasetError where error.kind != .refused {
        // Nothing says that it is meant as an image: it counts among the files that are none.
        return nil
      }
    }
  }

  /// By bytes, so that the order is the same everywhere: as characters, two spellings of é are equal.
  private mutating func sort() {
    func precedes(_ name: String, _ other: String) -> Bool {
      name.utf8.lexicographicallyPrecedes(other.utf8)
    }
    folders.sort { precedes($0.name, $1.name) }
    images.sort(by: precedes)
    foreignImages.sort(by: precedes)
    otherFiles.sort(by: precedes)
  }

  /// Whether it is the folder of one of our trainings.
  private var isRun: Bool {
    otherFiles.contains("configuration.json") && otherFiles.contains("history.jsonl")
  }
}

private func unreadableFolder(_ path: String) -> DatasetError {
  DatasetError(
    systemError: errno, at: path, expected: "a folder that can be read",
    advice: "check the path and its permissions")
}
