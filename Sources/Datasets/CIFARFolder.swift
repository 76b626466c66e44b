import FilePaths
public import Foundation

/// A folder with CIFAR-10 or CIFAR-100 in its binary version, or one that has such a one inside, one or
/// two folders down (https://www.cs.toronto.edu/~kriz/cifar.html).
///
/// CIFAR-10 is `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`; CIFAR-100 is `train.bin`
/// and `test.bin`, with 100 fine classes or 20 coarse ones. In memory the channels come last.
public struct CIFARFolder: Sendable {
  /// Which labels of CIFAR-100 count.
  public enum Labels: String, Hashable, Sendable, CaseIterable {
    /// One of 100 classes: `maple_tree`.
    case fine
    /// One of 20 groups of them: `trees`.
    case coarse
  }

  /// The part to train on, nil if it was not asked for or is not there.
  public let training: ByteImageDataset?
  /// The part to test on, nil if it was not asked for or is not there.
  public let test: ByteImageDataset?
  /// What was read and how: which files, which labels.
  public let notes: [String]
  /// What is probably not as it should be: classes without an image to train on.
  public let warnings: [String]

  /// Whether the folder has files of either data set, in a version that is read or another.
  public static func recognizes(_ url: URL) -> Bool { !CIFARLocation.all(in: url).isEmpty }

  /// Reads a folder.
  ///
  /// The names of the classes are those of `batches.meta.txt`, `fine_label_names.txt` or
  /// `coarse_label_names.txt`, or the data set's own where that file is absent.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - part: Which part to read; both if nil.
  ///   - classCount: The number of classes, to be checked; as many as there are names if nil.
  ///   - classNames: The classes of a network, by label: images are labelled by these, by name. The
  ///     data set's own if nil. Decides before `classCount`.
  ///   - labels: Which labels of CIFAR-100 count; the fine ones if nil. Coarse ones of CIFAR-10, which
  ///     has none, are an error.
  /// - Throws: ``DatasetError`` if the folder holds no part, or not the one asked for; if one of the
  ///   five training files is missing; if a file is damaged; if it is another version than the binary
  ///   one; if an image is of a class that is not in `classNames`.
  public init(
    contentsOf url: URL, part: DataPart? = nil, classCount: Int? = nil,
    classNames: [String]? = nil, labels: Labels? = nil
  ) throws {
    let locations = CIFARLocation.all(in: url)
    guard let location = locations.first else { throw Self.nothingFound(at: url, part: part) }
    guard locations.count == 1 else {
      let folders = locations.map(\.shownPath).joined(separator: ", ")
      throw DatasetError(
        .mismatched, at: url.path, expected: "the files of one data set",
        found: "those of \(folders)", advice: "name one of these folders")
    }
    let form = try location.binaryForm()
    if form == .cifar10, labels == .coarse {
      throw DatasetError(
        .mismatched, at: location.path, expected: "CIFAR-100, for coarse labels",
        found: "CIFAR-10, which has one label an image", advice: "leave the choice of labels out")
    }
    let chosen = labels ?? .fine
    let records = CIFARRecords(form: form, labels: chosen)
    let names = try Self.names(in: location, form, chosen)
    if let classCount, classNames == nil, classCount != names.count {
      throw DatasetError(
        .mismatched, at: location.path, expected: "\(classCount) classes, as asked for",
        found: "\(names.count), those of \(form.title)", advice: "leave the number of classes out")
    }
    func read(_ files: [String]) throws -> ByteImageDataset? {
      let missing = files.filter { !location.files.contains($0) }
      if missing.count == files.count { return nil }
      guard missing.isEmpty else {
        throw DatasetError(
          .unreadable, at: location.path, expected: files.joined(separator: ", "),
          found: "no " + missing.joined(separator: ", "), advice: "fetch the missing files")
      }
      let dataset = try records.read(
        files.map {
          try DecompressingReader(contentsOf: URL(pathText: location.path + "/" + $0))
        }, classNames: names)
      return try classNames.map { try dataset.labelled(asOf: $0, place: location.path) } ?? dataset
    }
    self.training = part == nil || part == .training ? try read(form.trainingFiles) : nil
    self.test = part == nil || part == .test ? try read([form.testFile]) : nil
    guard training != nil || test != nil else { throw Self.nothingFound(at: url, part: part) }
    let folder = location.components.isEmpty ? "" : " in " + location.shownPath
    self.notes = [
      "\(form.title)'s binary version\(folder)" + (form == .cifar100 ? ", \(chosen) labels" : "")
    ]
    self.warnings =
      classNames == nil
      ? [
        training?.labels.flatMap { emptyClassesWarning(labels: $0, classNames: names) }
      ].compactMap(\.self) : []
  }

  private static func nothingFound(at url: URL, part: DataPart?) -> DatasetError {
    DatasetError(
      .unreadable, at: url.path,
      expected: part.map { "the \($0) part of CIFAR-10 or CIFAR-100" }
        ?? "CIFAR-10's files data_batch_1.bin and so on, or CIFAR-100's train.bin and test.bin",
      found: "none", advice: "check the folder's name")
  }

  private static func names(
    in location: CIFARLocation, _ form: CIFARForm, _ labels: Labels
  ) throws -> [String] {
    let file = form.namesFile(labels)
    guard location.files.contains(file) else { return form.standardNames(labels) }
    return try classNames(
      in: DecompressingReader(contentsOf: URL(pathText: location.path + "/" + file)))
  }

  /// Reads names of classes, one a line.
  package static func classNames(in reader: DecompressingReader) throws -> [String] {
    func failure(_ expected: String, _ found: String) -> DatasetError {
      DatasetError(
        .malformed, at: reader.name, expected: expected, found: found,
        advice: "remove the file to use the data set's own names")
    }
    // 256 names of 256 bytes: more than labels of one byte can use.
    let limit = 1 << 16
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    let count = try bytes.withUnsafeMutableBytes { try reader.read(into: $0) }
    guard count <= limit else { throw failure("at most \(limit) bytes of names", "more") }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw failure("names in UTF-8", "other bytes")
    }
    let names = text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count >= 1, names.count <= 256 else {
      throw failure("1 to 256 names of classes, one a line", "\(names.count)")
    }
    return names
  }
}
