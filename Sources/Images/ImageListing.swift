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
      try collect(below: url, name, ancestors: [])
      guard paths.count > first else {
        throw DatasetError(
          .unreadable, at: url.appendingPathComponent(name).path,
          expected: "PNG or JPEG files of the class \(name)", found: "none",
          advice: "add images, or remove the folder")
      }
      paths[first...].sort()
      labels += repeatElement(Int32(label), count: paths.count - first)
    }
  }

  /// The folders in a folder, in the order of classes.
  static func classFolders(in url: URL) throws -> [String] {
    let names = try entries(of: url.path).filter(\.isFolder).map(\.name)
    let numbers = names.compactMap { UInt64($0) }
    guard numbers.count == names.count else { return names.sorted() }
    return zip(numbers, names).sorted { $0 < $1 }.map(\.1)
  }

  static let decodable: Set = ["png", "jpg", "jpeg", "jpe", "jfif"]
  static let unreadable: Set = ["gif", "bmp", "webp", "tif", "tiff", "heic", "avif"]

  /// Adds the images of a folder and of the folders in it.
  private mutating func collect(below url: URL, _ path: String, ancestors: [FileIdentity]) throws {
    let folder = url.path + "/" + path
    let identity = try FileIdentity(of: folder)
    guard !ancestors.contains(identity) else {
      throw DatasetError(
        .malformed, at: folder, expected: "a folder that is not inside of itself",
        found: "a link to a folder around it", advice: "remove the link")
    }
    for entry in try ImageListing.entries(of: folder) {
      let entryPath = path + "/" + entry.name
      if entry.isFolder {
        try collect(below: url, entryPath, ancestors: ancestors + [identity])
        continue
      }
      let ending = entry.name.split(separator: ".").dropFirst().last.map { $0.lowercased() } ?? ""
      if ImageListing.decodable.contains(ending) {
        paths.append(entryPath)
      } else if ImageListing.unreadable.contains(ending) {
        throw DatasetError(
          .unsupported, at: url.path + "/" + entryPath, expected: "PNG or JPEG images",
          found: "an image in another format", advice: "convert it, or move it away")
      } else {
        skippedFileCount += 1
      }
    }
  }

  private struct FileIdentity: Equatable {
    var device: dev_t
    var number: ino_t

    init(of path: String) throws {
      var status = stat()
      guard stat(path, &status) == 0 else { throw unreadableFolder(path) }
      self.device = status.st_dev
      self.number = status.st_ino
    }
  }

  /// What a folder holds, without hidden files, in no order.
  ///
  /// By `readdir`, which tells files from folders without a system call for each.
  private static func entries(of path: String) throws -> [(name: String, isFolder: Bool)] {
    guard let folder = opendir(path) else { throw unreadableFolder(path) }
    defer { closedir(folder) }
    var result: [(name: String, isFolder: Bool)] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") { continue }
      switch Int(entry.pointee.d_type) {
      case Int(DT_DIR): result.append((name, true))
      case Int(DT_REG): result.append((name, false))
      default:
        // A link, or a file system that does not tell.
        var status = stat()
        guard stat(path + "/" + name, &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR { result.append((name, true)) }
        if status.st_mode & S_IFMT == S_IFREG { result.append((name, false)) }
      }
    }
    return result
  }
}

private func unreadableFolder(_ path: String) -> DatasetError {
  DatasetError(
    .unreadable, at: path, expected: "a folder that can be read",
    found: String(cString: strerror(errno)), advice: "check the path and its permissions")
}
