public import Datasets
import FilePaths
public import Foundation
import Tensors

/// A folder of images in one of the usual forms, with its parts.
///
///     let data = try DataFolder.open(URL(fileURLWithPath: "mnist"))
///     data.training?.count  // 60000
///
/// The forms, in the order in which they are tried:
///
/// 1. IDX files, such as MNIST's `train-images-idx3-ubyte` (`IDXFolder`);
/// 2. the files of CIFAR-10's or CIFAR-100's binary version (`CIFARFolder`);
/// 3. image files, whose parts and classes their folders, names or a list tell (``ImageListing``).
public struct DataFolder: Sendable {
  /// The forms of folders.
  public enum Format: String, Hashable, Sendable {
    /// IDX files: MNIST and its relatives.
    case idx
    /// CIFAR-10's or CIFAR-100's binary files.
    case cifar
    /// Image files.
    case images
  }

  /// What a folder is opened for, which decides what parts are opened where none is named.
  public enum Purpose: Hashable, Sendable {
    /// To learn from: all parts.
    case training
    /// To evaluate on: the test part, else the one part there is.
    case evaluation
    /// To validate with: the validation part, else the test part, else all of a folder without parts.
    case validation

    /// Those to open of the parts that are there.
    func choice(among parts: [DataPart], isCut: Bool) -> [DataPart] {
      switch self {
      case .training: return parts
      case .evaluation: return parts.contains(.test) ? [.test] : parts
      case .validation:
        let preferred: [DataPart] = [.validation, .test]
        return preferred.first(where: parts.contains).map { [$0] } ?? parts
      }
    }
  }

  /// The form of the folder.
  public let format: Format
  /// The parts that were opened.
  ///
  /// A folder that is not cut into parts is all training part.
  public let parts: [DataPart: any Dataset]
  /// Whether the folder is cut into parts.
  public let isCut: Bool
  /// What a folder of image files holds; nil for other forms.
  public let listing: ImageListing?
  /// What was read and how, for forms 1 and 2.
  public let notes: [String]
  /// What is probably not as it should be, for forms 1 and 2.
  public let warnings: [String]

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
  ///   - purpose: What it is opened for.
  ///   - split: The name of the one part to open, see `DataPart.init(named:)`.
  ///   - imageSize: The height and width that image files are resized to; see
  ///     ``ImageFacts/standardShape(preferred:)`` if nil. Must be nil, or the size they have, for other
  ///     forms.
  ///   - preferredSize: The size that a network is made for, where `imageSize` is nil.
  ///   - channels: The channels that image files are converted to; colour if any is if nil. Must be nil,
  ///     or what they have, for other forms.
  ///   - classCount: The number of classes, where IDX files may have more than their labels tell.
  ///   - classNames: The classes by label, where a network has them already.
  ///   - options: How image files are read.
  /// - Throws: `DatasetError` if the folder has none of the forms, leaves open what its folders stand for,
  ///   lacks the part asked for, or holds damaged files; ``ImageProblems`` if image files cannot be read.
  public static func open(
    _ url: URL, for purpose: Purpose = .training, split: String? = nil,
    imageSize: (height: Int, width: Int)? = nil, preferredSize: (height: Int, width: Int)? = nil,
    channels: Int? = nil, classCount: Int? = nil, classNames: [String]? = nil,
    options: ImageOptions = ImageOptions()
  ) throws -> DataFolder {
    let part = try split.map(Self.part(named:))
    let isIDX = IDXFolder.recognizes(url)
    let isCIFAR = !isIDX && CIFARFolder.recognizes(url)
    try options.refuse(for: isIDX ? .idx : isCIFAR ? .cifar : .files, at: url.path)
    if isIDX {
      let folder = try IDXFolder(
        contentsOf: url, part: part, classCount: classCount, classNames: classNames,
        transpose: options.transpose)
      let found: [DataPart: ByteImageDataset?] = [
        .training: folder.training, .validation: folder.validation, .test: folder.test,
      ]
      return try DataFolder(
        format: .idx, parts: found.compactMapValues { $0 }, isCut: folder.isCut,
        notes: folder.notes,
        warnings: folder.warnings + Self.imageFiles(beside: "IDX files", in: url)
      ).narrowed(to: purpose, part, url, imageSize: imageSize, channels: channels)
    }
    if isCIFAR {
      let folder = try CIFARFolder(
        contentsOf: url, part: part, classCount: classCount, classNames: classNames,
        labels: options.cifarLabels)
      let found: [DataPart: ByteImageDataset?] = [
        .training: folder.training, .test: folder.test,
      ]
      return try DataFolder(
        format: .cifar, parts: found.compactMapValues { $0 }, isCut: true, notes: folder.notes,
        warnings: folder.warnings + Self.imageFiles(beside: "CIFAR's files", in: url)
      ).narrowed(to: purpose, part, url, imageSize: imageSize, channels: channels)
    }
    let listing = try ImageListing(
      of: url, layout: options.layout, labels: options.labels, classNames: classNames)
    let parts = try ImageParts(
      listing, for: purpose, part: part, size: imageSize, preferredSize: preferredSize,
      channels: channels, options: options
    ).datasets
    return DataFolder(format: .images, parts: parts, isCut: listing.isCut, listing: listing)
  }

  private init(
    format: Format, parts: [DataPart: any Dataset], isCut: Bool, listing: ImageListing? = nil,
    notes: [String] = [], warnings: [String] = []
  ) {
    self.format = format
    self.parts = parts
    self.isCut = isCut
    self.listing = listing
    self.notes = notes
    self.warnings = warnings
  }

  /// The parts of a folder whose images have a size of their own that suit a purpose.
  private func narrowed(
    to purpose: Purpose, _ part: DataPart?, _ url: URL, imageSize: (height: Int, width: Int)?,
    channels: Int?
  ) throws -> DataFolder {
    var parts = parts
    if part == nil {
      let chosen = purpose.choice(among: Array(parts.keys), isCut: isCut)
      parts = parts.filter { chosen.contains($0.key) }
    }
    // All parts as the first: a test part of another size would be found after the training only.
    let first = DataPart.allCases.lazy.compactMap { parts[$0] }.first?.fields[0].exampleShape
    for part in DataPart.allCases {
      guard let shape = parts[part]?.fields[0].exampleShape, let first, shape != first else {
        continue
      }
      throw DatasetError(
        .mismatched, at: url.path, expected: "images of one size in all parts",
        found: "\(first), and \(shape) in the \(part) part",
        advice: "use files that belong together, or name one part as the split")
    }
    for dataset in parts.values {
      let shape = dataset.fields[0].exampleShape
      let wanted = [
        imageSize?.height ?? shape[0], imageSize?.width ?? shape[1], channels ?? shape[2],
      ]
      guard wanted == shape.dimensions else {
        throw DatasetError(
          .shape, at: url.path, expected: "images of \(Shape(wanted))",
          found: "images of \(shape)",
          advice: "images of this form keep their size: ask for that, or use a model made for it")
      }
    }
    return DataFolder(
      format: format, parts: parts, isCut: isCut, notes: notes, warnings: warnings)
  }

  /// A warning of image files that are left out because others decide what a folder is.
  private static func imageFiles(beside others: String, in url: URL) -> [String] {
    // A path that is no folder chooses one of several data sets; what cannot be read cannot be left out.
    guard FileSystem.isFolder(url.path), let tree = try? FolderTree(of: url), tree.imageCount > 0,
      let first = (tree.allImages(isForeign: false) + tree.allImages(isForeign: true)).first
    else { return [] }
    return [
      "\(counted(tree.imageCount, "image file")) left out (\(first)\(tree.imageCount > 1 ? " …" : "")), "
        + "because there are \(others): move these away, or name the folder of the images, if those are "
        + "meant"
    ]
  }

  /// The part that a split names.
  static func part(named split: String) throws -> DataPart {
    guard let part = DataPart(named: split) else {
      throw DatasetError(
        .mismatched, at: "split", expected: "training, validation or test", found: "\"\(split)\"",
        advice: "name one of these parts")
    }
    return part
  }
}
