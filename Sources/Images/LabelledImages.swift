public import Datasets
import FilePaths
import Foundation
public import Tensors

/// Labelled images with their parts, opened by name: what a training or an evaluation starts from.
///
///     let data = try LabelledImages.open("mnist")
///     let images = try data.trainingPart()
///
/// The name is `digits` for the images that the library carries, else a folder that ``DataFolder``
/// knows (`./digits` for a folder of that name).
public struct LabelledImages: Sendable {
  /// The name of the images that the library carries.
  public static let digitsName = "digits"

  /// What was opened.
  public let source: String
  /// The parts that were opened.
  public let parts: [DataPart: any Dataset]
  /// Whether the source is cut into parts; a source that is not is all training part.
  public let isCut: Bool
  /// The largest value of a raw pixel: what becomes 1 where a network scales its input.
  public let maximumPixel: Float
  /// What a folder of image files holds; nil for other sources.
  public let listing: ImageListing?
  /// What was read and how, for files that hold many images.
  public let fileNotes: [String]
  /// What is probably not as it should be: classes without an image, for instance.
  public let warnings: [String]
  /// Whether the one part that was opened was named.
  private let isPartNamed: Bool

  /// Opens images.
  ///
  /// - Parameters:
  ///   - source: `digits`, or the path of a folder.
  ///   - purpose: What they are opened for, which decides what parts are opened where none is named.
  ///   - split: The name of the one part to open, see `DataPart.init(named:)`.
  ///   - imageShape: Height, width and channels; image files are resized and converted to them. As
  ///     ``ImageFacts/standardShape(preferred:)`` says if nil. Images in other forms keep their shape:
  ///     another one is an error.
  ///   - preferredSize: The height and width that a network is made for, where `imageShape` is nil.
  ///   - classCount: The number of classes, where IDX files may have more than their labels tell.
  ///   - classNames: The classes by label, where a network has them already; those of the images must
  ///     be among them.
  ///   - options: How folders are read.
  /// - Throws: `DatasetError` if there is no such source or part, its files are damaged, or its
  ///   images or classes are others than those asked for; ``ImageProblems`` if image files cannot be read.
  public static func open(
    _ source: String, for purpose: DataFolder.Purpose = .training, split: String? = nil,
    imageShape: Shape? = nil, preferredSize: (height: Int, width: Int)? = nil,
    classCount: Int? = nil, classNames: [String]? = nil, options: ImageOptions = ImageOptions()
  ) throws -> LabelledImages {
    if let imageShape, imageShape.rank != 3 {
      throw DatasetError(
        .mismatched, at: source, expected: "images of height, width and channels",
        found: "a request for examples of \(imageShape)", advice: "ask for a shape like 28x28x1")
    }
    guard source != digitsName else {
      try options.refuse(for: .digits, at: source)
      return try digits(
        purpose: purpose, split: split, imageShape: imageShape, classNames: classNames)
    }
    let folder = try DataFolder.open(
      URL(pathText: source), for: purpose, split: split,
      imageSize: imageShape.map { (height: $0[0], width: $0[1]) }, preferredSize: preferredSize,
      channels: imageShape?[2], classCount: classCount, classNames: classNames, options: options)
    let result = LabelledImages(
      source: source, parts: folder.parts, isCut: folder.isCut, maximumPixel: 255,
      listing: folder.listing, fileNotes: folder.notes, warnings: folder.warnings,
      isPartNamed: split != nil)
    if let classNames { try result.check(classNames) }
    return result
  }

  private static func digits(
    purpose: DataFolder.Purpose, split: String?, imageShape: Shape?, classNames: [String]?
  ) throws -> LabelledImages {
    let digits = try Digits.load()
    var parts: [DataPart: ByteImageDataset] = [.training: digits.training, .test: digits.test]
    if let imageShape, imageShape != digits.training.imageShape {
      throw DatasetError(
        .shape, at: digitsName, expected: "images of \(imageShape)",
        found: "images of \(digits.training.imageShape)",
        advice: "images of this form keep their size: leave the shape out")
    }
    if let split {
      guard let part = DataPart(named: split), let dataset = parts[part] else {
        throw DatasetError(
          .mismatched, at: "split", expected: "training or test, the parts of the digits",
          found: "\"\(split)\"", advice: "name one of these parts")
      }
      parts = [part: dataset]
    } else {
      let chosen = purpose.choice(among: Array(parts.keys), isCut: true)
      parts = parts.filter { chosen.contains($0.key) }
    }
    if let classNames {
      parts = try parts.mapValues { try $0.labelled(asOf: classNames, place: digitsName) }
    }
    return LabelledImages(
      source: digitsName, parts: parts, isCut: true, maximumPixel: 16, listing: nil, fileNotes: [],
      warnings: [], isPartNamed: split != nil)
  }

  /// How the images become a network's input, for the network's file.
  public var preparation: ImagePreparation {
    let reading = parts.values.compactMap { Self.folderDataset($0)?.options.reading }.first
    return ImagePreparation(reading: reading ?? ImageReading(), maximumPixel: maximumPixel)
  }

  /// Refuses images whose pixels have another range than those that a network was trained on.
  ///
  /// - Parameter preparation: That of the network.
  /// - Parameter isKnown: Whether the network's file says it; one that does not is trusted.
  public func check(_ preparation: ImagePreparation, isKnown: Bool) throws {
    guard isKnown, preparation.maximumPixel != maximumPixel else { return }
    throw DatasetError(
      .mismatched, at: source,
      expected: "pixels up to \(preparation.maximumPixel), as the network was trained on",
      found: "pixels up to \(maximumPixel)", advice: "use images of the same kind")
  }

  /// Refuses images whose labels mean other classes.
  private func check(_ classNames: [String]) throws {
    for dataset in parts.values {
      guard let found = dataset.classNames, found != classNames else { continue }
      throw DatasetError(
        .mismatched, at: source, expected: "the classes \(classNames.joined(separator: ", "))",
        found: "\(found.joined(separator: ", "))",
        advice: "use images of the classes that the network was trained on")
    }
  }
}

extension LabelledImages {
  /// What to learn from: the training part, or the one part that was named.
  ///
  /// - Throws: `DatasetError` if there is no such part, it has one class only, a class without images, or
  ///   images with several labels.
  public func trainingPart() throws -> any Dataset {
    guard let training = parts[.training] ?? (isPartNamed ? only : nil) else {
      throw missing("a training part")
    }
    if let listing {
      for part in listing.parts where part.name == .training { try listing.checkClasses(of: part) }
      guard training.labels != nil else {
        throw DatasetError(
          .mismatched, at: source, expected: "one label for each image",
          found: "images with several labels or none",
          advice: "give each image one label, or train from Swift, with Loss.binaryCrossEntropy")
      }
    }
    if listing?.labelSource == .folders, let labels = training.labels,
      let names = training.classNames
    {
      let seen = Set(labels)
      if let empty = names.indices.first(where: { !seen.contains(Int32($0)) }) {
        throw DatasetError(
          .mismatched, at: source, expected: "images of the class \(names[empty]) that can be read",
          found: "none", advice: "mend its images, or move the folder away")
      }
    }
    if let labels = training.labels, let label = labels.first, labels.allSatisfy({ $0 == label }) {
      throw DatasetError(
        .mismatched, at: source, expected: "images of at least two classes to tell apart",
        found: "images of one, \(training.classNames.map { $0[Int(label)] } ?? "\(label)")",
        advice: listing == nil
          ? "use data with more classes"
          : "name the folder that holds one folder for each class; `needletail data` shows what was found"
      )
    }
    return training
  }

  /// What to evaluate on: the test part, or the one part that was opened; the whole of a source that
  /// is not cut into parts.
  ///
  /// - Throws: `DatasetError` if there are several parts, but none for testing.
  public func evaluationPart() throws -> (name: String, dataset: any Dataset) {
    if let test = parts[.test] { return ("test", test) }
    if let part = parts.first, parts.count == 1 {
      return (isCut ? part.key.rawValue : "", part.value)
    }
    throw missing("a test part")
  }

  /// What to validate with, where these images were named for that: the validation part, else the
  /// test part, else the whole of a source that is not cut into parts.
  ///
  /// - Throws: `DatasetError` if there is neither.
  public func validationPart() throws -> any Dataset {
    if let dataset = parts[.validation] ?? parts[.test] ?? (isCut ? nil : only) { return dataset }
    throw missing("a validation or test part")
  }

  /// The test part, where it is not all that was opened.
  public var testPart: (any Dataset)? { parts.count > 1 ? parts[.test] : nil }

  private var only: (any Dataset)? { parts.count == 1 ? parts.first?.value : nil }

  private func missing(_ wanted: String) -> DatasetError {
    let names = parts.keys.map(\.rawValue).sorted()
    let empty = listing?.notes.filter { $0.hasPrefix("no image in ") } ?? []
    return DatasetError(
      .mismatched, at: source, expected: wanted,
      found: (["only a \(names.joined(separator: " and a ")) part"] + empty).joined(
        separator: ", "),
      advice: "name one of them as the split, or add the part")
  }
}

extension Dataset {
  /// The shape of an example of the first field.
  public var inputShape: Shape { fields.first?.exampleShape ?? [] }

  /// The number of classes: of names, else one more than the largest label; nil where targets are no
  /// labels.
  public var classCount: Int? {
    classNames?.count ?? labels?.max().map { Int($0) + 1 }
  }
}

extension LabelledImages {
  /// What to learn from, and what to validate with after each epoch.
  ///
  /// - Parameters:
  ///   - validation: A fraction between 0 and 1, to be held out of the training part (see
  ///     `Dataset.split(holdingOut:seed:)`), or the name of other images (see ``open``), whose
  ///     ``validationPart()`` it is then. If nil, the validation part of these images, if there is
  ///     one: nothing of the training part is held out.
  ///   - seed: Decides which examples are held out.
  ///   - options: How the image files of the other images are read; their layout is theirs.
  /// - Returns: Both, and the other images that were opened for the validation, if any.
  /// - Throws: `DatasetError` if there is no training part, the fraction leaves a part empty, or the
  ///   other images cannot be opened or do not fit.
  public func trainingAndValidation(
    _ validation: String?, seed: UInt64, options: ImageOptions = ImageOptions()
  ) throws -> (training: any Dataset, validation: (any Dataset)?, other: LabelledImages?) {
    let training = try trainingPart()
    guard let validation else {
      return (training, parts.count > 1 ? parts[.validation] : nil, nil)
    }
    if let fraction = Double(validation) {
      let split = try training.split(holdingOut: fraction, seed: seed)
      return (split.training, split.heldOut, nil)
    }
    var options = options
    options.layout = nil
    options.labels = nil
    let other = try LabelledImages.open(
      validation, for: .validation, imageShape: training.inputShape,
      classNames: training.classNames, options: options)
    guard other.maximumPixel == maximumPixel else {
      throw DatasetError(
        .mismatched, at: validation, expected: "pixels up to \(maximumPixel)",
        found: "pixels up to \(other.maximumPixel)", advice: "validate with images of the same kind"
      )
    }
    return (training, try other.validationPart(), other)
  }
}
