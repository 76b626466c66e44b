import Datasets

/// What the folders of a tree of images stand for: the one rule by which all commands and the library
/// decide.
///
/// 1. A folder that holds nothing but one folder of folders with images is passed through.
/// 2. Where no folder is named for a part (``PartName``), each folder with images is a class.
/// 3. Where all are, they are parts. Where some are, the layout must be said, unless all of them hold their
///    images directly: then all are classes. Folders that all have a part's name as their first or last word
///    are parts, too, if they name training and another (`asl_alphabet_train`, `MyTest`).
/// 4. In a part, 1 and 2 hold again. A part with its images directly in it has the labels that their names
///    tell (``FileNameLabels``), else none.
/// 5. Images directly in a folder without folders have the labels that their names tell, else none.
/// 6. Classes that hold the same folders are refused, because the classes seem to be a level below; and a
///    class that holds folders named like those beside it, because it seems to be the data set once more.
struct FolderArrangement {
  /// A part of the tree.
  struct Part {
    /// Which part; nil for images to make predictions for.
    let name: DataPart?
    /// The folder that holds its classes or its images.
    let folder: FolderTree
    /// Whether it has a folder for each class.
    let hasClasses: Bool
  }

  /// The forms that a tree may have.
  enum Form { case classes, parts, files }

  let form: Form
  /// The folder that holds the classes, parts or images.
  let top: FolderTree
  private(set) var parts: [Part] = []
  /// Folders with images beside the parts, which are left out.
  private(set) var others: [FolderTree] = []
  /// What should be told: folders that were passed through, folders that are classes despite their names.
  private(set) var notes: [String] = []

  /// - Parameters:
  ///   - root: The path of the tree's root, for errors.
  ///   - classNames: The classes of a model, where they are known: a folder of that name is a class.
  /// - Throws: `DatasetError` where the rule does not decide.
  init(
    of tree: FolderTree, root: String, layout: ImageLayout?, classNames: [String]?
  ) throws {
    let reader = Reader(root: root, layout: layout, classNames: Set(classNames ?? []))
    top = reader.inner(tree) { layout != .classes && PartName($0.name) != nil }
    if !top.path.isEmpty { notes.append("\(top.path) in it, the only folder with images") }
    let folders = top.imageFolders
    guard !folders.isEmpty else {
      form = .files
      if top.holdsImages { parts = [Part(name: .training, folder: top, hasClasses: false)] }
      return
    }
    let named =
      layout == .classes ? [] : reader.named(folders) ?? folders.filter { PartName($0.name) != nil }
    if try !named.isEmpty && reader.areParts(named, among: folders, in: top) {
      form = .parts
      parts = try reader.parts(named, in: top)
      others = folders.filter { folder in !named.contains { $0.path == folder.path } }
      return
    }
    if layout == .parts {
      throw reader.error(
        top, expected: "folders named for parts, such as train and test",
        found: reader.list(folders), advice: "rename them, or leave --layout parts out")
    }
    if !named.isEmpty {
      notes.append("\(reader.list(named)) taken for a class, like the folders beside it")
    }
    form = .classes
    try reader.checkLevel(folders, in: top, cure: .classes)
    parts = [Part(name: .training, folder: top, hasClasses: true)]
  }

  /// What the steps of the decision share.
  private struct Reader {
    let root: String
    let layout: ImageLayout?
    let classNames: Set<String>

    /// The folder behind those that hold nothing but one folder of folders with images.
    func inner(_ folder: FolderTree, isMeant: (FolderTree) -> Bool = { _ in false }) -> FolderTree {
      var folder = folder
      while !folder.holdsImages, folder.imageFolders.count == 1,
        let only = folder.imageFolders.first,
        !only.holdsImages, !classNames.contains(only.name), !isMeant(only)
      {
        folder = only
      }
      return folder
    }

    /// Whether folders that are named for parts are such.
    ///
    /// - Throws: `DatasetError` where they may as well be classes.
    func areParts(
      _ named: [FolderTree], among folders: [FolderTree], in top: FolderTree
    ) throws -> Bool {
      if layout == .parts { return true }
      if !classNames.isEmpty, folders.allSatisfy({ classNames.contains($0.name) }) { return false }
      if named.count == folders.count { return true }
      let isFlat = folders.allSatisfy { $0.imageFolders.isEmpty }
      if isFlat, named.allSatisfy({ FileNameLabels(of: $0.images) == nil }) { return false }
      let others = folders.filter { PartName($0.name) == nil }
      throw error(
        top, expected: "folders for parts or folders for classes",
        found: "\(list(named)), named for parts, beside \(list(others))",
        advice: "sort them, or say what they are: --layout parts leaves \(list(others)) out, "
          + "--layout classes takes each folder for a class")
    }

    /// The parts, each once.
    func parts(_ named: [FolderTree], in top: FolderTree) throws -> [Part] {
      var found: [DataPart: FolderTree] = [:]
      var parts: [Part] = []
      for folder in named {
        guard case .part(let name) = PartName(folder.name) ?? PartName(mentionedIn: folder.name)
        else {
          parts.append(Part(name: nil, folder: folder, hasClasses: false))
          continue
        }
        if let other = found[name] {
          throw error(
            top, expected: "one folder for the \(name) part",
            found: "\(other.name) and \(folder.name)",
            advice: "rename or move one of them, or say --layout classes if they are classes")
        }
        found[name] = folder
        let inner = inner(folder)
        let classes = inner.imageFolders
        if !classes.isEmpty { try checkLevel(classes, in: inner, cure: .parts) }
        parts.append(Part(name: name, folder: inner, hasClasses: !classes.isEmpty))
      }
      return parts
    }

    /// The folders, if they mention parts by their first or last words, and training among them.
    func named(_ folders: [FolderTree]) -> [FolderTree]? {
      let parts = folders.compactMap { PartName($0.name) ?? PartName(mentionedIn: $0.name) }
      guard parts.count == folders.count, parts.contains(.part(.training)), Set(parts).count > 1
      else { return nil }
      return folders
    }

    /// Refuses classes that all hold the same folders and no image themselves, and a class that holds
    /// folders named like those beside it.
    ///
    /// - Parameter cure: The layout that takes them for classes all the same.
    func checkLevel(_ classes: [FolderTree], in folder: FolderTree, cure: ImageLayout) throws {
      guard layout == nil, classes.count > 1 else { return }
      let names = Set(classes.map(\.name))
      for nested in classes {
        let again = nested.imageFolders.map(\.name).filter { names.contains($0) }
        guard again.isEmpty else {
          throw error(
            folder, expected: "folders for classes",
            found:
              "\(nested.name), which holds folders named like those beside it: \(joined(again))",
            advice:
              "remove what is there twice, or say --layout \(cure.rawValue) if these are the classes"
          )
        }
      }
      guard classes.allSatisfy({ !$0.holdsImages }) else { return }
      let inner = classes.map { Set($0.imageFolders.map(\.name)) }
      let common = inner.dropFirst().reduce(inner[0]) { $0.intersection($1) }
      let all = inner.dropFirst().reduce(inner[0]) { $0.union($1) }
      // One folder in each is no level of classes: those below would be one.
      guard !common.isEmpty, all.count > 1, 2 * common.count >= all.count else { return }
      throw error(
        folder, expected: "folders for classes",
        found: "\(list(classes)), which all hold the folders \(joined(common.sorted()))",
        advice: "name one of them as the data, sort the images into one folder a class, or say "
          + "--layout \(cure.rawValue) if these are the classes")
    }

    func list(_ folders: [FolderTree]) -> String { joined(folders.map(\.name)) }

    private func joined(_ names: [String]) -> String {
      names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", … (\(names.count))" : "")
    }

    func error(
      _ folder: FolderTree, expected: String, found: String, advice: String
    ) -> DatasetError {
      DatasetError(
        .mismatched, at: folder.path.isEmpty ? root : root + "/" + folder.path, expected: expected,
        found: found, advice: advice)
    }
  }
}
