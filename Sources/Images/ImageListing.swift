public import Datasets
public import Foundation
import Tensors

/// What a folder of image files holds: its parts, its classes, every image with its label, and what was
/// left out and why.
///
///     let listing = try ImageListing(of: URL(fileURLWithPath: "animals"))
///     listing.classNames        // ["cat", "dog"]
///     listing.parts[0].files    // cat/1.jpg …
///
/// All commands and the library read folders by this one rule: docs/data.md tells it. Nothing is decoded
/// here.
public struct ImageListing: Sendable {
  /// An image file.
  public struct File: Hashable, Sendable {
    /// Its path below the listing's folder.
    public let path: String
    /// Its classes, as numbers; one of them unless a list gives several, none where there are no labels.
    public let labels: [Int32]
  }

  /// Images that belong together.
  public struct Part: Sendable {
    /// Which part; nil for images to make predictions for.
    public let name: DataPart?
    /// The part that its folder is named for, also where its images have no labels.
    public let intended: DataPart?
    /// Its folder, as a path below the listing's; empty for that folder itself.
    public let folder: String
    /// The images, by class, then by path.
    public let files: [File]
    /// Whether the images have labels.
    public let isLabelled: Bool
    /// Folders of classes in which there is no file.
    public let emptyClasses: [String]
    /// Images that cannot be read, as far as names tell: in other formats, or listed and not there.
    public let problems: [DatasetError]
  }

  /// Where labels come from.
  public enum LabelSource: String, Hashable, Sendable {
    /// A folder a class.
    case folders
    /// The files' names: `cat.0.jpg`.
    case fileNames
    /// A list of files and labels.
    case list
    /// Nowhere: there are none.
    case none
  }

  /// Files of one kind that are not among the images.
  public struct LeftOut: Hashable, Sendable {
    /// How many.
    public let count: Int
    /// What they are, for a number of them: "images beside the folders of classes".
    public let reason: String
    /// The path of one of them.
    public let example: String
  }

  /// The folder.
  public let url: URL
  /// The names of the classes, by label: in alphabetical order, in numerical order if all are numbers.
  public let classNames: [String]
  /// Where labels come from.
  public let labelSource: LabelSource
  /// Whether the folder is cut into parts; one that is not is all training part.
  public let isCut: Bool
  /// The parts: training, validation, test, then images without labels.
  public let parts: [Part]
  /// What is not among the images, and why.
  public let leftOut: [LeftOut]
  /// What else should be told: folders that were passed through, run folders, deeper folders.
  public let notes: [String]
  /// Images of all parts that cannot be read, as far as names tell: in other formats, or listed and not
  /// there.
  public var problems: [DatasetError] { parts.flatMap(\.problems) }

  init(
    url: URL, classNames: [String], labelSource: LabelSource, isCut: Bool, parts: [Part],
    leftOut: [LeftOut], notes: [String]
  ) {
    self.url = url
    self.classNames = classNames
    self.labelSource = labelSource
    self.isCut = isCut
    self.parts = parts
    self.leftOut = leftOut
    self.notes = notes
  }

  /// Lists a folder.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - layout: What folders stand for, where the rule does not decide.
  ///   - labels: A list of files and labels (``LabelList``) that decides in the place of folders.
  ///   - classNames: The classes by label, where a network has them already.
  /// - Throws: `DatasetError` if the folder cannot be read, holds no image, leaves open what its folders
  ///   stand for, or has a class that is not among `classNames`.
  public init(
    of url: URL, layout: ImageLayout? = nil, labels: URL? = nil, classNames: [String]? = nil
  ) throws {
    let tree = try FolderTree(of: url)
    guard tree.reachesImages else { throw Self.noImages(in: tree, url) }
    var builder = ListingBuilder(url: url, tree: tree, classNames: classNames)
    if let labels {
      try builder.add(LabelList(contentsOf: labels), layout: layout)
    } else {
      try builder.add(
        FolderArrangement(of: tree, root: url.path, layout: layout, classNames: classNames))
    }
    self = builder.listing
  }

  /// How many files are not among the images to learn from: left out, or without labels.
  public var leftOutCount: Int {
    leftOut.reduce(0) { $0 + $1.count }
      + parts.filter { !$0.isLabelled }.reduce(0) { $0 + $1.files.count }
  }

  /// The part of that name.
  public func part(_ name: DataPart) -> Part? { parts.first { $0.name == name } }

  /// How many images each class of a part has.
  public func counts(of part: Part) -> [Int] {
    var counts = [Int](repeating: 0, count: classNames.count)
    for file in part.files {
      for label in file.labels { counts[Int(label)] += 1 }
    }
    return counts
  }

  private static func noImages(in tree: FolderTree, _ url: URL) -> DatasetError {
    var files: [String] = []
    tree.forEach { files += $0.otherFiles }
    let bare = files.filter { ImageFormat.ending(ofFileNamed: $0).isEmpty }.count
    var found: [String] = []
    if bare > 0 {
      found.append("\(counted(bare, "file")) without an ending, no images by their bytes")
    }
    if files.count > bare { found.append(counted(files.count - bare, "other file")) }
    let folders = tree.folders.map(\.name).prefix(6).joined(separator: ", ")
    return DatasetError(
      .unreadable, at: url.path,
      expected:
        "IDX files (train-images-idx3-ubyte …), CIFAR's (data_batch_1.bin …), or image files: one "
        + "folder a class, in folders train, validation and test or not",
      found: found.isEmpty
        ? "no file at all" + (folders.isEmpty ? "" : " in the folders \(folders)")
        : found.joined(separator: " and "),
      advice:
        "check the path, or sort the images into one folder a class; files whose names have another "
        + "ending need that of their format, such as .png")
  }
}

extension ImageListing.LeftOut: CustomStringConvertible {
  /// `5 files without an ending (cat/0 …)`.
  public var description: String {
    "\(count) \(reason) (\(example)\(count > 1 ? " …" : ""))"
  }
}

extension ImageListing {
  /// Refuses a part to learn from that has a class without images.
  func checkClasses(of part: Part) throws {
    guard let empty = part.emptyClasses.first else { return }
    throw DatasetError(
      .unreadable, at: url.path + "/" + empty, expected: "images of a class",
      found: part.emptyClasses.count > 1
        ? "none, as in \(part.emptyClasses.count - 1) other folders" : "none",
      advice: "add images, or remove the folder")
  }
}
