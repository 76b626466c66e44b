import Datasets
import FilePaths
import Foundation

/// Makes a listing of a tree whose arrangement is known.
struct ListingBuilder {
  let url: URL
  let tree: FolderTree
  /// The classes that a network has already.
  let wanted: [String]?

  private var classNames: [String] = []
  private var labelSource = ImageListing.LabelSource.none
  private var isCut = false
  private var parts: [ImageListing.Part] = []
  private var notes: [String] = []
  private var leftOut: [ImageListing.LeftOut] = []
  /// The folders of classes so far.
  private var identities: [FileIdentity: String] = [:]
  /// The paths of images that were found a place.
  private var used: Set<String> = []

  init(url: URL, tree: FolderTree, classNames: [String]?) {
    self.url = url
    self.tree = tree
    wanted = classNames
  }

  /// The finished listing.
  var listing: ImageListing {
    ImageListing(
      url: url, classNames: classNames, labelSource: labelSource, isCut: isCut,
      parts: parts.sorted { Self.rank($0.name) < Self.rank($1.name) },
      leftOut: leftOut + tree.leftOut,
      notes: notes + tree.notes)
  }

  private func foreignProblem(_ path: String) -> DatasetError {
    DatasetError(
      .otherFormat, at: url.path + "/" + path, expected: "a \(ImageFormat.readNames) image",
      found: ImageFormat(ofFileNamed: path).map { "one in \($0.name)" } ?? "another",
      advice: "convert it to PNG or JPEG")
  }

  private static func rank(_ part: DataPart?) -> Int {
    part.flatMap { DataPart.allCases.firstIndex(of: $0) } ?? DataPart.allCases.count
  }

  // MARK: Folders

  /// Adds the parts of an arrangement.
  mutating func add(_ arrangement: FolderArrangement) throws {
    isCut = arrangement.form == .parts
    notes += arrangement.notes
    notes += arrangement.top.folders
      .filter { PartName($0.name) != nil && !$0.reachesImages && arrangement.form == .parts }
      .map { "no image in \($0.path)" }
    let ranked = arrangement.parts.sorted { Self.rank($0.name) < Self.rank($1.name) }
    for part in ranked { try add(part) }
    var beside = 0
    var example: String?
    for folder in Set([arrangement.top.path, ""] + arrangement.parts.map(\.folder.path)).sorted() {
      guard let found = tree.folder(at: folder) else { continue }
      for name in found.images + found.foreignImages where !used.contains(found.path(of: name)) {
        beside += 1
        example = example ?? found.path(of: name)
      }
    }
    note(beside, beside == 1 ? "image beside the folders" : "images beside the folders", example)
    let others = arrangement.others
    let count = others.reduce(0) { $0 + $1.imageCount }
    note(
      count, "\(count == 1 ? "image" : "images") in folders beside the parts", others.first?.path)
  }

  private mutating func add(_ part: FolderArrangement.Part) throws {
    guard let name = part.name else {
      let files = part.folder.allImages(isForeign: false).map {
        ImageListing.File(path: $0, labels: [])
      }
      used.formUnion(files.map(\.path))
      parts.append(
        ImageListing.Part(
          name: nil, intended: nil, folder: part.folder.path, files: files, isLabelled: false,
          emptyClasses: [], problems: part.folder.allImages(isForeign: true).map(foreignProblem)))
      return
    }
    let classes = part.folder.imageFolders
    if part.hasClasses, name != .training, classes.count == 1, !classNames.isEmpty,
      !classNames.contains(classes[0].name), classes[0].imageFolders.isEmpty
    {
      // test/images/1.png, val/unknown/1.png: a folder that is no class wraps images without labels.
      try addFiles(of: classes[0], name)
    } else if part.hasClasses {
      try addClasses(of: part.folder, name)
    } else {
      try addFiles(of: part.folder, name)
    }
  }

  /// Adds a part with a folder for each class.
  private mutating func addClasses(of folder: FolderTree, _ name: DataPart) throws {
    labelSource = .folders
    let classes = folder.imageFolders
    try adopt(classes.map(\.name), at: { classes[$0].path })
    var files: [ImageListing.File] = []
    var deeper: [String] = []
    var problems: [DatasetError] = []
    let folders = Dictionary(classes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (label, className) in classNames.enumerated() {
      guard let folder = folders[className] else { continue }
      try folder.checkOnce(root: url.path)
      files += folder.allImages(isForeign: false).map {
        ImageListing.File(path: $0, labels: [Int32(label)])
      }
      problems += folder.allImages(isForeign: true).map(foreignProblem)
      if !folder.imageFolders.isEmpty { deeper.append(folder.path) }
      noteTwice(folder)
    }
    used.formUnion(files.map(\.path))
    if let first = deeper.first {
      notes.append(
        deeper.count == 1
          ? "images in folders inside of \(first) belong to it"
          : "images in folders inside of \(deeper.count) classes (\(first) …) belong to these")
    }
    let imageless = folder.folders.filter { !$0.reachesImages && $0.runFolders.isEmpty }
    parts.append(
      ImageListing.Part(
        name: name, intended: name, folder: folder.path, files: files, isLabelled: true,
        emptyClasses: imageless.filter { !$0.reachesFiles }.map(\.path), problems: problems))
    noteNoClasses(imageless.filter(\.reachesFiles))
  }

  /// Adds a part whose images lie in its folder.
  private mutating func addFiles(of folder: FolderTree, _ name: DataPart) throws {
    let labels = FileNameLabels(of: folder.images)?.labels
    var files: [ImageListing.File] = []
    if let labels {
      labelSource = .fileNames
      try adopt(Set(labels).sorted(), at: { _ in folder.path })
      let numbers = numbersByName()
      files = zip(folder.images, labels)
        .map { ImageListing.File(path: folder.path(of: $0), labels: [numbers[$1] ?? 0]) }
        .sorted { ($0.labels[0], $0.path) < ($1.labels[0], $1.path) }
    } else {
      files = folder.images.map { ImageListing.File(path: folder.path(of: $0), labels: []) }
    }
    used.formUnion(files.map(\.path))
    parts.append(
      ImageListing.Part(
        name: labels == nil && isCut ? nil : name, intended: name, folder: folder.path,
        files: files,
        isLabelled: labels != nil, emptyClasses: [],
        problems: folder.foreignImages.map { foreignProblem(folder.path(of: $0)) }))
  }

  // MARK: Classes

  /// Makes the names of a part the classes, or checks them against those there are.
  private mutating func adopt(
    _ names: [String], at place: (Int) -> String, in list: String? = nil
  ) throws {
    func location(_ index: Int) -> String { list ?? url.path + "/" + place(index) }
    if let index = names.firstIndex(where: { $0.unicodeScalars.contains(where: \.isControl) }) {
      // The name becomes that of the class, and so of a column, a line and a cell.
      throw DatasetError(
        .malformed, at: location(index),
        expected: "names of classes without line ends", found: "a control character",
        advice: "rename it")
    }
    // Other parts may spell é in another way of Unicode's, as archives from other systems do; in one part,
    // two ways would be two classes that nobody can tell apart.
    if Set(names).count < names.count {
      let name = Dictionary(grouping: names) { $0 }.first { $0.value.count > 1 }?.key ?? ""
      throw DatasetError(
        .mismatched, at: url.path, expected: "names of classes that can be told apart",
        found: "\(name) in two spellings of Unicode's", advice: "merge the two folders")
    }
    if classNames.isEmpty { classNames = wanted ?? Self.ordered(names) }
    let known = numbersByName()
    for (index, name) in names.enumerated() where known[name] == nil {
      throw DatasetError(
        .mismatched, at: location(index),
        expected: "one of the classes \(classNames.joined(separator: ", "))",
        found: "another class" + (place(index).hasSuffix(name) ? "" : ", \(name)"),
        advice: wanted == nil
          ? "give every class images in the training part, too"
          : "use the classes that the network was trained on")
    }
  }

  /// Names in alphabetical order, in numerical order if all are numbers.
  private static func ordered(_ names: [String]) -> [String] {
    let numbers = names.compactMap { UInt64($0) }
    guard numbers.count == names.count else { return names.sorted() }
    return zip(numbers, names).sorted { $0 < $1 }.map(\.1)
  }

  private func numbersByName() -> [String: Int32] {
    Dictionary(
      classNames.enumerated().map { ($0.element, Int32($0.offset)) },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: Lists

  /// Adds the images of a list.
  mutating func add(_ list: LabelList, layout: ImageLayout?) throws {
    labelSource = .list
    let resolved = try list.resolve(in: tree, root: url)
    let names = Set(resolved.entries.flatMap(\.labels)).sorted()
    try adopt(names, at: { _ in "" }, in: list.url.path)
    let numbers = numbersByName()
    var files: [DataPart: [ImageListing.File]] = [:]
    let foreignPaths = Set(tree.allImages(isForeign: true).map { Array($0.utf8) })
    var problems: [DataPart: [DatasetError]] = [:]
    func place(_ entry: LabelList.Entry) -> DataPart {
      entry.part ?? (layout == .classes ? nil : Self.part(ofPath: entry.path)) ?? .training
    }
    for entry in resolved.entries {
      if foreignPaths.contains(Array(entry.path.utf8)) {
        problems[place(entry), default: []].append(foreignProblem(entry.path))
      } else {
        files[place(entry), default: []].append(
          ImageListing.File(path: entry.path, labels: entry.labels.compactMap { numbers[$0] }))
      }
    }
    for entry in resolved.missing {
      problems[place(entry), default: []].append(
        DatasetError(
          .unreadable, at: "\(list.url.path), line \(entry.line)",
          expected: "the name of an image in \(url.path)", found: "\"\(entry.path)\"",
          advice: "correct the name, or remove the line"))
    }
    // A part of which no file was found is there all the same.
    let found = Set(files.keys).union(problems.keys)
    isCut = found.count > 1 || !found.contains(.training)
    for part in found {
      let files = files[part] ?? []
      used.formUnion(files.map(\.path))
      parts.append(
        ImageListing.Part(
          name: part, intended: part, folder: "",
          files: files.sorted { ($0.labels.first ?? 0, $0.path) < ($1.labels.first ?? 0, $1.path) },
          isLabelled: true, emptyClasses: [], problems: problems[part] ?? []))
    }
    notes.append("\(list.url.lastPathComponent): \(list.columnText)")
    let unlisted = tree.allImages(isForeign: false).filter { !used.contains($0) }
    note(
      unlisted.count,
      unlisted.count == 1 ? "image that is not in the list" : "images that are not in the list",
      unlisted.first)
  }

  /// The part that one of the first two folders of a path is named for.
  private static func part(ofPath path: String) -> DataPart? {
    for folder in path.split(separator: "/").dropLast().prefix(2) {
      if case .part(let part) = PartName(String(folder)) { return part }
    }
    return nil
  }

  // MARK: What is left out

  private mutating func note(_ count: Int, _ reason: String, _ example: String?) {
    guard count > 0, let example else { return }
    leftOut.append(ImageListing.LeftOut(count: count, reason: reason, example: example))
  }

  /// Tells of folders beside the classes that hold other files only: notes about the images, for instance.
  private mutating func noteNoClasses(_ folders: [FolderTree]) {
    guard let first = folders.first else { return }
    notes.append(
      folders.count == 1
        ? "\(first.path) is no class: it holds files, but no image"
        : "\(folders.count) folders are no classes (\(first.path) …): they hold files, but no image"
    )
  }

  /// Tells of a folder that is also another class or part, by a link: its images count in both.
  private mutating func noteTwice(_ folder: FolderTree) {
    if let other = identities[folder.identity] {
      notes.append("\(folder.path) and \(other) are one folder, whose images count in both")
    } else {
      identities[folder.identity] = folder.path
    }
  }
}

extension Unicode.Scalar {
  /// Whether this is a control character.
  fileprivate var isControl: Bool { value < 0x20 || (0x7F..<0xA0).contains(value) }
}
