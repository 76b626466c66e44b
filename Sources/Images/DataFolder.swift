public import Datasets
public import Foundation
import Tensors

/// A folder of images in one of the usual forms, with its parts.
///
///     let data = try DataFolder.open(URL(fileURLWithPath: "mnist"))
///     data.training?.count  // 60000
///
/// The forms, in the order in which they are tried:
///
/// 1. IDX files, as MNIST's: `train-images-idx3-ubyte` and so on (`IDXFolder`);
/// 2. the files of CIFAR-10's or CIFAR-100's binary version (`CIFARFolder`);
/// 3. folders named `train`, `training`; `val`, `valid`, `validation`, `dev`; `test`, `testing`, each
///    with one folder a class;
/// 4. one folder a class (``ImageFolderDataset``).
public struct DataFolder: Sendable {
  /// The forms of folders.
  public enum Format: String, Hashable, Sendable {
    /// IDX files: MNIST and its relatives.
    case idx
    /// CIFAR-10's or CIFAR-100's binary files.
    case cifar
    /// Folders for parts, and in them one folder a class.
    case imagesInParts
    /// One folder a class.
    case images
  }

  /// The form of the folder.
  public let format: Format
  /// The parts that were opened.
  ///
  /// A folder of the form ``Format/images`` is all training part.
  public let parts: [DataPart: any Dataset]
  /// Whether the folder is cut into parts; one that is not is all training part.
  public let isCut: Bool
  /// What was read and how, for forms 1 and 2.
  public var notes: [String] = []
  /// What is probably not as it should be, for forms 1 and 2.
  public var warnings: [String] = []

  /// What to learn from.
  public var training: (any Dataset)? { parts[.training] }
  /// What to make choices by.
  public var validation: (any Dataset)? { parts[.validation] }
  /// What to look at once, at the end.
  public var test: (any Dataset)? { parts[.test] }

  /// Opens a folder.
  ///
  /// All image parts have the classes of the training part, and its size where none is given, also if
  /// another part alone is opened.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - split: The name of the one part to open, see `DataPart.init(named:)`; all parts if nil.
  ///   - imageSize: The height and width that image files are resized to; those of the first training
  ///     image if nil. Must be nil, or the size they have, for forms 1 and 2.
  ///   - channels: The channels that image files are converted to; those of the first training image
  ///     if nil. Must be nil, or what they have, for forms 1 and 2.
  ///   - classCount: The number of classes, where IDX files may have more than their labels tell.
  ///   - classNames: The classes by label, where a network has them already.
  ///   - transpose: Whether the images of IDX files are transposed; by the files' names if nil. Must be
  ///     nil for other forms.
  ///   - cifarLabels: Which labels of CIFAR-100 count; the fine ones if nil. Must be nil for other forms.
  ///   - cacheLimit: The largest number of bytes of decoded images to keep for each part.
  ///   - threadCount: How many images are decoded at once; the number of processors if nil.
  ///   - limits: What is refused for its size before memory is taken.
  /// - Throws: `DatasetError` if the folder has none of the forms, lacks the part asked for, or holds
  ///   damaged files.
  public static func open(
    _ url: URL, split: String? = nil, imageSize: (height: Int, width: Int)? = nil,
    channels: Int? = nil, classCount: Int? = nil, classNames: [String]? = nil,
    transpose: Bool? = nil, cifarLabels: CIFARFolder.Labels? = nil, cacheLimit: Int = 512 << 20,
    threadCount: Int? = nil, limits: ImageLimits = ImageLimits()
  ) throws -> DataFolder {
    var part: DataPart?
    if let split {
      guard let named = DataPart(named: split) else {
        throw DatasetError(
          .mismatched, at: "split", expected: "training, validation or test", found: "\"\(split)\"",
          advice: "name one of these parts")
      }
      part = named
    }
    func refuse(_ isGiven: Bool, _ what: String, _ wanted: String) throws {
      guard isGiven else { return }
      throw DatasetError(
        .mismatched, at: url.path, expected: "\(wanted), for \(what)",
        found: "images in another form", advice: "leave it out")
    }
    let isIDX = IDXFolder.recognizes(url)
    let isCIFAR = !isIDX && CIFARFolder.recognizes(url)
    try refuse(!isIDX && transpose != nil, "the choice whether to transpose", "IDX files")
    try refuse(!isCIFAR && cifarLabels != nil, "the choice of labels", "the files of CIFAR-100")
    var result: DataFolder
    if isIDX {
      let folder = try IDXFolder(
        contentsOf: url, part: part, classCount: classCount, classNames: classNames,
        transpose: transpose)
      result = DataFolder(
        format: .idx,
        parts: [
          .training: folder.training, .validation: folder.validation, .test: folder.test,
        ].compactMapValues { $0 }, isCut: folder.isCut)
      result.notes = folder.notes
      result.warnings = folder.warnings
    } else if isCIFAR {
      let folder = try CIFARFolder(
        contentsOf: url, part: part, classCount: classCount, classNames: classNames,
        labels: cifarLabels)
      result = DataFolder(
        format: .cifar,
        parts: [.training: folder.training, .test: folder.test].compactMapValues { $0 },
        isCut: true)
      result.notes = folder.notes
      result.warnings = folder.warnings
    } else {
      return try images(url, part: part) { url, first in
        let size = first.map { (height: $0.imageShape[0], width: $0.imageShape[1]) }
        return try ImageFolderDataset(
          contentsOf: url, size: size ?? imageSize, channels: first?.imageShape[2] ?? channels,
          classNames: first?.classNames ?? classNames, cacheLimit: cacheLimit,
          threadCount: threadCount, limits: limits)
      }
    }
    for dataset in result.parts.values {
      let shape = dataset.fields[0].exampleShape
      let wanted = [
        imageSize?.height ?? shape[0], imageSize?.width ?? shape[1], channels ?? shape[2],
      ]
      guard wanted == shape.dimensions else {
        throw DatasetError(
          .mismatched, at: url.path, expected: "images of \(wanted)", found: "images of \(shape)",
          advice: "images of this form keep their size: leave size and channels out")
      }
    }
    return result
  }

  /// Opens a folder of form 3 or 4.
  ///
  /// - Parameter open: Opens one folder of classes; as the second one is, where there is one.
  private static func images(
    _ url: URL, part: DataPart?, open: (URL, ImageFolderDataset?) throws -> ImageFolderDataset
  ) throws -> DataFolder {
    let found = try partFolders(in: url)
    if found.isEmpty {
      guard try !ImageListing.classFolders(in: url).isEmpty else {
        throw DatasetError(
          .unreadable, at: url.path,
          expected: "MNIST's files (train-images-idx3-ubyte …), CIFAR-10's (data_batch_1.bin …), "
            + "folders train, validation or test with one folder a class, or one folder a class",
          found: "none of them", advice: "check the path, or sort the images into such folders")
      }
      guard part == nil else {
        throw DatasetError(
          .mismatched, at: url.path, expected: "a folder for the \(part ?? .test) part",
          found: "one folder a class and no parts",
          advice: "name no split, or sort the images into folders train and test")
      }
      return DataFolder(format: .images, parts: [.training: try open(url, nil)], isCut: false)
    }
    var parts: [DataPart: any Dataset] = [:]
    var first: ImageFolderDataset?
    for candidate in [DataPart.training, .validation, .test] {
      guard let folder = found[candidate] else { continue }
      let dataset = try open(folder, first)
      if first == nil { first = dataset }
      if part == nil || part == candidate { parts[candidate] = dataset }
    }
    guard !parts.isEmpty else {
      throw DatasetError(
        .mismatched, at: url.path, expected: "a folder for the \(part ?? .test) part",
        found: found.values.map(\.lastPathComponent).sorted().joined(separator: ", "),
        advice: "name one of the parts that are there")
    }
    return DataFolder(format: .imagesInParts, parts: parts, isCut: true)
  }

  /// The folders that are named for parts and have folders of classes inside.
  private static func partFolders(in url: URL) throws -> [DataPart: URL] {
    var result: [DataPart: URL] = [:]
    for name in try ImageListing.classFolders(in: url) {
      guard let part = DataPart(named: name) else { continue }
      let folder = url.appendingPathComponent(name)
      guard try !ImageListing.classFolders(in: folder).isEmpty else { continue }
      if let other = result[part] {
        throw DatasetError(
          .mismatched, at: url.path, expected: "one folder for the \(part) part",
          found: "\(other.lastPathComponent) and \(name)", advice: "rename one of them")
      }
      result[part] = folder
    }
    return result
  }
}
