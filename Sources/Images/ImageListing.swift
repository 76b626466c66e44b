import Datasets
import Foundation

/// The image files of a folder with one folder a class, in a fixed order.
struct ImageListing {
  /// The classes: the folders, by name; by number where all names are numbers.
  var classNames: [String]
  /// The images' paths below the folder, by class, then by path.
  var paths: [String] = []
  /// The class of every image.
  var labels: [Int32] = []
  /// How many files were left out because their names are not those of images.
  var skippedFileCount = 0

  /// Lists a folder.
  ///
  /// - Parameter classNames: The classes to use; the folders found if nil.
  /// - Throws: `DatasetError` if there is no class, a class that is not in `classNames`, a class
  ///   without an image, or an image in a format that is not read.
  init(of url: URL, classNames wanted: [String]? = nil) throws {
    let found = try ImageListing.classFolders(in: url)
    guard !found.isEmpty else {
      throw DatasetError(
        .unreadable, at: url.path, expected: "a folder for every class", found: "no folder",
        advice: "sort the images into folders named for their classes")
    }
    self.classNames = wanted ?? found
    for name in found {
      guard let label = classNames.firstIndex(of: name) else {
        throw DatasetError(
          .mismatched, at: url.appendingPathComponent(name).path,
          expected: "one of the classes \(classNames.joined(separator: ", "))",
          found: "another class", advice: "use the classes that the network was trained on")
      }
      let first = paths.count
      var visited: Set<FileIdentity> = []
      try collect(below: url, name, &visited)
      guard paths.count > first else {
        throw DatasetError(
          .unreadable, at: url.appendingPathComponent(name).path,
          expected: "\(ImageFormat.readNames) files of the class \(name)", found: "none",
          advice: "add images, or remove the folder")
      }
      paths[first...].sort()
      labels += repeatElement(Int32(label), count: paths.count - first)
    }
  }

  /// The folders in a folder, in the order of classes.
  static func classFolders(in url: URL) throws -> [String] {
    let names = try entries(of: url.path).filter { $0.kind == .folder }.map(\.name)
    // The name becomes that of the class, and so of a column, a line and a cell.
    if let name = names.first(where: { $0.unicodeScalars.contains(where: \.isUnprintable) }) {
      throw DatasetError(
        .malformed, at: url.path + "/" + name, expected: "names of classes without line ends",
        found: "a control character, or bytes that are no UTF-8", advice: "rename the folder")
    }
    let numbers = names.compactMap { UInt64($0) }
    guard numbers.count == names.count else { return names.sorted() }
    return zip(numbers, names).sorted { $0 < $1 }.map(\.1)
  }

  static let decodable = Set(
    ImageFormat.allCases.filter(\.isRead).flatMap(\.fileNameEndings))
  static let unreadable = Set(
    ImageFormat.allCases.filter { !$0.isRead }.flatMap(\.fileNameEndings))

  /// Adds the images of a folder and of the folders in it.
  ///
  /// - Parameter visited: The folders of the class that were read: a few links can lead to the same
  ///   folder in more ways than there is time for.
  private mutating func collect(
    below url: URL, _ path: String, _ visited: inout Set<FileIdentity>
  ) throws {
    let folder = url.path + "/" + path
    guard visited.insert(try FileIdentity(of: folder)).inserted else {
      throw DatasetError(
        .malformed, at: folder, expected: "each folder once in a class",
        found: "a link to a folder that was read already, perhaps around it",
        advice: "remove the link")
    }
    for entry in try ImageListing.entries(of: folder) {
      let entryPath = path + "/" + entry.name
      if entry.kind == .folder {
        try collect(below: url, entryPath, &visited)
        continue
      }
      let ending = entry.name.split(separator: ".").dropFirst().last.map { $0.lowercased() } ?? ""
      if ImageListing.decodable.contains(ending) {
        guard entry.kind == .file else {
          throw DatasetError(
            .unreadable, at: url.path + "/" + entryPath, expected: "a file",
            found: entry.kind == .missing
              ? "a link to nothing" : "a device, a pipe or a socket",
            advice: "mend or remove it; leaving it out would quietly shrink the data")
        }
        paths.append(entryPath)
      } else if ImageListing.unreadable.contains(ending) {
        throw DatasetError(
          .unsupported, at: url.path + "/" + entryPath, expected: "\(ImageFormat.readNames) images",
          found: "an image in another format", advice: "convert it, or move it away")
      } else {
        skippedFileCount += 1
      }
    }
  }

  private struct FileIdentity: Hashable {
    var device: dev_t
    var number: ino_t

    init(of path: String) throws {
      var status = stat()
      guard stat(path, &status) == 0 else { throw unreadableFolder(path) }
      self.device = status.st_dev
      self.number = status.st_ino
    }
  }

  /// What an entry of a folder is.
  private enum EntryKind {
    case folder
    case file
    /// A device, a pipe or a socket.
    case other
    /// A link to nothing.
    case missing
  }

  /// What a folder holds, without hidden files, in no order.
  ///
  /// By `readdir`, which tells files from folders without a system call for each.
  private static func entries(of path: String) throws -> [(name: String, kind: EntryKind)] {
    guard let folder = opendir(path) else { throw unreadableFolder(path) }
    defer { closedir(folder) }
    var result: [(name: String, kind: EntryKind)] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") { continue }
      switch Int(entry.pointee.d_type) {
      case Int(DT_DIR): result.append((name, .folder))
      case Int(DT_REG): result.append((name, .file))
      default:
        // A link, or a file system that does not tell.
        var status = stat()
        if stat(path + "/" + name, &status) != 0 {
          result.append((name, .missing))
        } else {
          switch status.st_mode & S_IFMT {
          case S_IFDIR: result.append((name, .folder))
          case S_IFREG: result.append((name, .file))
          default: result.append((name, .other))
          }
        }
      }
    }
    return result
  }
}

extension Unicode.Scalar {
  /// Whether this is a control character, or stands for bytes that are no UTF-8.
  fileprivate var isUnprintable: Bool {
    value < 0x20 || (0x7F..<0xA0).contains(value) || value == 0xFFFD
  }
}

private func unreadableFolder(_ path: String) -> DatasetError {
  DatasetError(
    .unreadable, at: path, expected: "a folder that can be read",
    found: String(cString: strerror(errno)), advice: "check the path and its permissions")
}
