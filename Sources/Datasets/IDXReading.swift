import FilePaths
import Foundation

/// The reading of one data set's IDX files: labels first, of all parts, because they tell the classes.
struct IDXReading {
  /// What should be told: files left out, classes without an image.
  private(set) var warnings: [String] = []

  private let set: IDXFileSet
  private let wanted: [DataPart]
  private let transpose: Bool
  private var files: [DataPart: (images: IDXFileSet.File, labels: IDXFileSet.File)] = [:]
  private var labels: [DataPart: [Int32]] = [:]
  private var classNames: [String] = []

  /// Finds the files of the parts and reads their labels.
  ///
  /// - Parameter part: The one part that is to be read; all if nil.
  /// - Throws: ``DatasetError`` if the part, or any part, is not there, or lacks its labels; or if
  ///   labels are damaged.
  init(_ set: IDXFileSet, in url: URL, part: DataPart?, transpose: Bool) throws {
    self.set = set
    self.wanted = part.map { [$0] } ?? DataPart.allCases
    self.transpose = transpose
    var withoutLabels: [IDXFileSet.File] = []
    for candidate in DataPart.allCases {
      let images = try set.file(.images, of: candidate)
      let labels = try set.file(.labels, of: candidate)
      if let images, let labels {
        files[candidate] = (images, labels)
        self.labels[candidate] = try IDXFile(contentsOf: URL(pathText: labels.path)).labels()
      } else if let images {
        // To train without the part that is meant for it would be another thing than was asked for.
        guard candidate != part, candidate != .training || part != nil else {
          throw Self.missingLabels(of: candidate, images)
        }
        withoutLabels.append(images)
      } else if let labels {
        warnings.append("\(labels.shownPath) is left out: there are no images for these labels")
      }
    }
    guard wanted.contains(where: { files[$0] != nil }) else {
      if let part {
        let found = DataPart.allCases.filter { files[$0] != nil }.map(\.rawValue)
        throw DatasetError(
          .unreadable, at: url.path, expected: "images of the \(part) part",
          found: found.isEmpty
            ? "none with labels" : "the \(found.joined(separator: " and ")) part",
          advice: "name one of the parts that are there")
      }
      if let images = withoutLabels.first {
        throw Self.missingLabels(of: images.part ?? .training, images)
      }
      throw DatasetError(
        .unreadable, at: url.path, expected: "images with labels", found: "none",
        advice: "check the folder's name")
    }
    for images in withoutLabels {
      warnings.append("\(images.shownPath) is left out: there are no labels for these images")
    }
  }

  private static func missingLabels(of part: DataPart, _ images: IDXFileSet.File) -> DatasetError {
    DatasetError(
      .mismatched, at: images.path,
      expected: "the labels of the \(part) images beside it, a file such as "
        + images.name.stem.replacingOccurrences(of: "images", with: "labels")
        .replacingOccurrences(of: "idx3", with: "idx1"),
      found: "none", advice: "put the file of labels beside the file of images")
  }

  /// Decides the classes, and tells which have no image to train on.
  mutating func chooseClasses(count: Int?, names: [String]?) throws {
    if let names {
      let largest = try largestClassCount()
      for part in DataPart.allCases where wanted.contains(part) {
        guard let values = labels[part] else { continue }
        labels[part] = try Datasets.labels(
          values, ofClasses: numberedClasses(largest), asOf: names, place: place(of: part))
      }
      classNames = names
      return
    }
    if let count {
      guard count >= 1 else {
        throw DatasetError(
          .mismatched, at: set.folder, expected: "1 class or more", found: "\(count)",
          advice: "give the number of classes")
      }
      try check(classCount: count)
      classNames = numberedClasses(count)
    } else {
      classNames = numberedClasses(try largestClassCount())
    }
    if wanted.contains(.training), let training = labels[.training],
      let warning = emptyClassesWarning(labels: training, classNames: classNames)
    {
      warnings.append(warning)
    }
  }

  /// One more than the largest label of all parts.
  private func largestClassCount() throws -> Int {
    // In their order, so that it is always the same label that is found wrong.
    try DataPart.allCases.compactMap { part in
      try labels[part].map { try numberedClasses(for: $0, place: place(of: part)).count }
    }.max() ?? 0
  }

  private func check(classCount: Int) throws {
    let present = DataPart.allCases.filter { labels[$0] != nil }
    let smallest = labels.values.compactMap { $0.min() }.min()
    let largest = labels.values.compactMap { $0.max() }.max()
    if smallest == 1, let largest, Int(largest) == classCount {
      throw DatasetError(
        .mismatched, at: place(of: present[0]), expected: "labels from 0 to \(classCount - 1)",
        found: "labels from 1 to \(largest)",
        advice: "ask for \(classCount + 1) classes: class 0 then has no image")
    }
    for part in present {
      try checkLabels(labels[part] ?? [], classCount: classCount, place: place(of: part))
    }
  }

  private func place(of part: DataPart) -> String { files[part]?.labels.path ?? "labels" }

  /// Reads the images of a part; nil if it is not there or was not asked for.
  func dataset(_ part: DataPart) throws -> ByteImageDataset? {
    guard wanted.contains(part), let files = files[part], let labels = labels[part] else {
      return nil
    }
    return try ByteImageDataset(
      images: IDXFile(contentsOf: URL(pathText: files.images.path)), labels: labels,
      labelsName: files.labels.path, classNames: classNames, transpose: transpose)
  }

  /// What was read, and how.
  func notes(isTransposeChosen: Bool) -> [String] {
    let read = DataPart.allCases.filter { wanted.contains($0) }
      .compactMap { files[$0]?.images.shownPath }
    let images = "IDX files: " + read.joined(separator: ", ")
    guard transpose else { return [images] }
    return [
      images,
      isTransposeChosen
        ? "images are transposed: rows become columns"
        : "images are transposed, because EMNIST stores rows as columns",
    ]
  }
}
