import FilePaths
import Foundation

/// The IDX files of one data set, as they lie in a folder.
struct IDXFileSet {
  /// A file and where it lies.
  struct File {
    let name: IDXFileName
    /// The part, by the file's name or its folder's.
    let part: DataPart?
    let path: String
    /// The path below the folder that was named.
    let shownPath: String
  }

  /// The data set's name as the files give it; may be empty.
  let name: String
  /// Where the files lie, below the folder that was named; empty for that one.
  let folder: String
  /// The files, by path.
  var files: [File] = []

  /// Whether the names tell parts.
  var isCut: Bool { files.contains { $0.part != nil } }

  /// Finds the data sets whose files lie in a folder, or in folders up to two levels down if there are
  /// none.
  ///
  /// A folder that is named for a part, or like one of the files, stands for its place in the folder
  /// above it. A path that is no folder names a data set among those of the folder above:
  /// `gzip/emnist-letters`, or one of its files.
  static func all(in url: URL) -> [IDXFileSet] {
    let exists = FileSystem.exists(url.path)
    if FileSystem.isFolder(url.path) { return all(below: url.path) }
    let name = url.lastPathComponent
    guard let wanted = exists ? IDXFileName(name)?.setName : name.lowercased() else { return [] }
    let sets = all(below: url.deletingLastPathComponent().path)
    return sets.filter { $0.name == wanted && (!exists || $0.folder.isEmpty) }
  }

  private static func all(below path: String) -> [IDXFileSet] {
    for level in FolderContents.levels(below: path, isWanted: { IDXFileName($0) != nil }) {
      let sets = level.reduce(into: []) { add($1, to: &$0) }
      let found = sets.filter { set in set.files.contains { $0.name.content == .images } }
      // One that is packed in another way is only spoken of where it is all there is.
      let readable = found.filter { set in
        set.files.contains { $0.name.content == .images && !$0.name.isPackedOtherwise }
      }
      if !found.isEmpty { return readable.isEmpty ? found : readable }
    }
    return []
  }

  private static func add(_ contents: FolderContents, to sets: inout [IDXFileSet]) {
    guard !contents.files.isEmpty else { return }
    var place = contents.components
    var part: DataPart?
    if let last = place.last {
      part = DataPart(named: last)
      if part != nil || IDXFileName(last) != nil { place.removeLast() }
    }
    let folder = place.joined(separator: "/")
    for text in contents.files {
      guard let name = IDXFileName(text) else { continue }
      let file = File(
        name: name, part: name.part ?? part, path: contents.path(of: text),
        shownPath: (contents.components + [text]).joined(separator: "/"))
      if let index = sets.firstIndex(where: { $0.name == name.setName && $0.folder == folder }) {
        sets[index].files.append(file)
      } else {
        sets.append(IDXFileSet(name: name.setName, folder: folder, files: [file]))
      }
    }
  }

  /// The file that holds the images or the labels of a part; nil if there is none.
  ///
  /// Files without a part are of the training part. Of a file and its packed form the first counts.
  ///
  /// - Throws: ``DatasetError`` if there are several, or only one that is packed in a way that is not
  ///   read.
  func file(_ content: IDXFileName.Content, of part: DataPart) throws -> File? {
    let all = files.filter { $0.name.content == content && ($0.part ?? .training) == part }
    let readable = all.filter { !$0.name.isPackedOtherwise }
    guard let first = readable.min(by: { $0.name.text.utf8.count < $1.name.text.utf8.count }) else {
      guard let packed = all.first else { return nil }
      throw DatasetError(
        .unsupported, at: packed.path, expected: "an IDX file, plain or gzip",
        found: "a file that is packed in another way", advice: "unpack it")
    }
    guard readable.allSatisfy({ $0.name.stem == first.name.stem }) else {
      throw DatasetError(
        .mismatched, at: first.path, expected: "one file of the \(part) \(content.rawValue)",
        found: readable.map(\.shownPath).joined(separator: ", "),
        advice: "move away those that are not meant")
    }
    return first
  }
}
