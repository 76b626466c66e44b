import CKernels
import FilePaths
public import Foundation
import Tensors

/// A folder with CIFAR-10 in its binary version: `data_batch_1.bin` to `data_batch_5.bin` and
/// `test_batch.bin`, or a folder that has such a one inside under its usual name,
/// `cifar-10-batches-bin`.
///
/// A record is the label, one byte, and three planes of 32 × 32: red, green, blue
/// (https://www.cs.toronto.edu/~kriz/cifar.html). In memory the channels come last.
public struct CIFAR10Folder: Sendable {
  /// The part to train on, nil if it was not asked for or is not there.
  public let training: ByteImageDataset?
  /// The part to test on, nil if it was not asked for or is not there.
  public let test: ByteImageDataset?

  /// Whether the folder has one of the files.
  public static func recognizes(_ url: URL) -> Bool {
    folder(in: url) != nil
  }

  /// Reads a folder.
  ///
  /// The names of the classes are those of `batches.meta.txt`, or CIFAR-10's own where that file is
  /// absent.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - part: Which part to read; both if nil.
  /// - Throws: ``DatasetError`` if the folder holds no part, or not the one asked for, if one of the
  ///   five training files is missing, or if a file is damaged.
  public init(contentsOf url: URL, part: DataPart? = nil) throws {
    guard let folder = Self.folder(in: url) else { throw Self.nothingFound(at: url, part: part) }
    let classNames = try Self.classNames(in: folder)
    func read(_ files: [String]) throws -> ByteImageDataset? {
      let urls = files.map { folder.appendingPathComponent($0) }
      let missing = urls.filter { !FileSystem.exists($0.path) }
      if missing.count == urls.count { return nil }
      guard missing.isEmpty else {
        throw DatasetError(
          .unreadable, at: folder.path, expected: files.joined(separator: ", "),
          found: "no " + missing.map(\.lastPathComponent).joined(separator: ", "),
          advice: "fetch the missing files")
      }
      return try Self.read(
        urls.map { try DecompressingReader(contentsOf: $0) }, classNames: classNames)
    }
    self.training = part == nil || part == .training ? try read(Self.trainingFiles) : nil
    self.test = part == nil || part == .test ? try read([Self.testFile]) : nil
    guard training != nil || test != nil else { throw Self.nothingFound(at: url, part: part) }
  }

  private static let trainingFiles = (1...5).map { "data_batch_\($0).bin" }
  private static let testFile = "test_batch.bin"
  private static let pixelCount = 32 * 32
  private static let recordSize = 1 + 3 * pixelCount

  private static func folder(in url: URL) -> URL? {
    [url, url.appendingPathComponent("cifar-10-batches-bin")].first { folder in
      (trainingFiles + [testFile]).contains {
        FileSystem.exists(folder.appendingPathComponent($0).path)
      }
    }
  }

  private static func nothingFound(at url: URL, part: DataPart?) -> DatasetError {
    DatasetError(
      .unreadable, at: url.path,
      expected: "CIFAR-10's \(part.map { "\($0) part" } ?? "files data_batch_1.bin and so on")",
      found: "none", advice: "check the folder's name")
  }

  private static func classNames(in folder: URL) throws -> [String] {
    let url = folder.appendingPathComponent("batches.meta.txt")
    guard FileSystem.exists(url.path) else {
      return [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
      ]
    }
    return try classNames(in: DecompressingReader(contentsOf: url))
  }

  /// Reads names of classes, one a line.
  package static func classNames(in reader: DecompressingReader) throws -> [String] {
    func failure(_ expected: String, _ found: String) -> DatasetError {
      DatasetError(
        .malformed, at: reader.name, expected: expected, found: found,
        advice: "remove the file to use CIFAR-10's own names")
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

  /// Reads the records of several files, one after the other.
  package static func read(_ files: [DecompressingReader], classNames: [String]) throws
    -> ByteImageDataset
  {
    for file in files {
      guard !file.isCompressed, file.storedSize > 0, file.storedSize % recordSize == 0 else {
        throw DatasetError(
          file.isCompressed ? .unsupported : .truncated, at: file.name,
          expected: "one or more records of \(recordSize) bytes",
          found: file.isCompressed ? "gzip data" : "\(file.storedSize) bytes",
          advice: file.isCompressed ? "unpack the file" : "fetch the file again; it is incomplete")
      }
    }
    let count = files.map { $0.storedSize / recordSize }.reduce(0, +)
    let place = files.first?.name ?? "CIFAR-10"
    let imageSize = 3 * pixelCount
    let pixels = try ByteBuffer(count: count * imageSize, place: place)
    var labels: [Int32] = []
    var record = [UInt8](repeating: 0, count: recordSize)
    for file in files {
      for index in 0..<file.storedSize / recordSize {
        try record.withUnsafeMutableBytes {
          try file.read(exactlyInto: $0, what: "record \(index)")
        }
        guard record[0] < classNames.count else {
          throw DatasetError(
            .malformed, at: "\(file.name), byte \(index * recordSize)",
            expected: "a label from 0 to \(classNames.count - 1)", found: "\(record[0])",
            advice: "check that this is CIFAR-10's binary version")
        }
        record.withUnsafeBufferPointer {
          nk_interleave_planes(
            $0.baseAddress! + 1, pixels.pointer + labels.count * imageSize, pixelCount, 3)
        }
        labels.append(Int32(record[0]))
      }
      try file.expectEnd()
    }
    return try ByteImageDataset(
      pixels: pixels, imageShape: [32, 32, 3], labels: labels, classNames: classNames, place: place)
  }
}
