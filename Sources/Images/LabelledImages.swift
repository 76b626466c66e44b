public import Datasets
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
  /// What was read and how, for files that hold many images.
  public var notes: [String] = []
  /// What is probably not as it should be: classes without an image, for instance.
  public var warnings: [String] = []

  /// How the files were asked to be read, so that others to validate with are read like them.
  private var transpose: Bool?
  private var cifarLabels: CIFARFolder.Labels?

  /// Opens images.
  ///
  /// - Parameters:
  ///   - source: `digits`, or the path of a folder.
  ///   - split: The name of the one part to open, see `DataPart.init(named:)`; all parts if nil.
  ///   - imageShape: Height, width and channels; image files are resized and converted to them. As
  ///     the images are if nil. Images in other forms keep their shape: another one is an error.
  ///   - classCount: The number of classes, where IDX files may have more than their labels tell.
  ///   - classNames: The classes by label, where a network has them already; those of the images must
  ///     be among them.
  ///   - transpose: Whether the images of IDX files are transposed; by the files' names if nil. Must be
  ///     nil for other forms.
  ///   - cifarLabels: Which labels of CIFAR-100 count; the fine ones if nil. Must be nil for other forms.
  ///   - threadCount: How many image files are decoded at once; the number of processors if nil.
  /// - Throws: `DatasetError` if there is no such source or part, its files are damaged, or its
  ///   images or classes are others than those asked for.
  public static func open(
    _ source: String, split: String? = nil, imageShape: Shape? = nil, classCount: Int? = nil,
    classNames: [String]? = nil, transpose: Bool? = nil, cifarLabels: CIFARFolder.Labels? = nil,
    threadCount: Int? = nil
  ) throws -> LabelledImages {
    if let imageShape, imageShape.rank != 3 {
      throw DatasetError(
        .mismatched, at: source, expected: "images of height, width and channels",
        found: "a request for examples of \(imageShape)", advice: "ask for a shape like 28x28x1")
    }
    if source == digitsName {
      guard transpose == nil, cifarLabels == nil else {
        throw DatasetError(
          .mismatched, at: source, expected: "a folder, for the choice of labels or orientation",
          found: "the digits that are built in", advice: "leave it out")
      }
      return try digits(split: split, imageShape: imageShape, classNames: classNames)
    }
    let folder = try DataFolder.open(
      URL(fileURLWithPath: source), split: split,
      imageSize: imageShape.map { (height: $0[0], width: $0[1]) }, channels: imageShape?[2],
      classCount: classCount, classNames: classNames, transpose: transpose,
      cifarLabels: cifarLabels, threadCount: threadCount)
    let result = LabelledImages(
      source: source, parts: folder.parts, isCut: folder.isCut, maximumPixel: 255,
      notes: folder.notes, warnings: folder.warnings, transpose: transpose,
      cifarLabels: cifarLabels)
    if let classNames { try result.check(classNames) }
    return result
  }

  private static func digits(
    split: String?, imageShape: Shape?, classNames: [String]?
  ) throws -> LabelledImages {
    let digits = try Digits.load()
    var parts: [DataPart: ByteImageDataset] = [.training: digits.training, .test: digits.test]
    if let imageShape, imageShape != digits.training.imageShape {
      throw DatasetError(
        .mismatched, at: digitsName, expected: "images of \(imageShape)",
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
    }
    if let classNames {
      parts = try parts.mapValues { try $0.labelled(asOf: classNames, place: digitsName) }
    }
    return LabelledImages(source: digitsName, parts: parts, isCut: true, maximumPixel: 16)
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
  /// What to learn from: the training part, or the one part that was opened.
  ///
  /// - Throws: `DatasetError` if there are parts, but none for training.
  public func trainingPart() throws -> any Dataset {
    if let dataset = parts[.training] ?? only { return dataset }
    throw missing("a training part")
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
    DatasetError(
      .mismatched, at: source, expected: wanted,
      found: "the parts \(parts.keys.map(\.rawValue).sorted().joined(separator: ", "))",
      advice: "name one of them as the split")
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
  ///   - threadCount: How many image files are decoded at once; the number of processors if nil.
  /// - Throws: `DatasetError` if there is no training part, the fraction leaves a part empty, or the
  ///   other images cannot be opened or do not fit.
  public func trainingAndValidation(
    _ validation: String?, seed: UInt64, threadCount: Int? = nil
  ) throws -> (training: any Dataset, validation: (any Dataset)?) {
    let training = try trainingPart()
    guard let validation else {
      return (training, parts.count > 1 ? parts[.validation] : nil)
    }
    if let fraction = Double(validation) {
      let split = try training.split(holdingOut: fraction, seed: seed)
      return (split.training, split.heldOut)
    }
    let other = try LabelledImages.open(
      validation, imageShape: training.inputShape, classNames: training.classNames,
      transpose: transpose, cifarLabels: cifarLabels, threadCount: threadCount)
    guard other.maximumPixel == maximumPixel else {
      throw DatasetError(
        .mismatched, at: validation, expected: "pixels up to \(maximumPixel)",
        found: "pixels up to \(other.maximumPixel)", advice: "validate with images of the same kind"
      )
    }
    return (training, try other.validationPart())
  }
}
