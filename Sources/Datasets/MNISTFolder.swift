import FilePaths
public import Foundation

/// A folder with the four files of MNIST or of a data set in its form (Fashion-MNIST, KMNIST).
///
/// Images and labels of a part are `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` for
/// training, `t10k-…` or `test-…` for testing; a dot may stand before `idx`, and the files may be
/// gzip, with or without `.gz`.
public struct MNISTFolder: Sendable {
  /// The part to train on, nil if it was not asked for or is not there.
  public let training: ByteImageDataset?
  /// The part to test on, nil if it was not asked for or is not there.
  public let test: ByteImageDataset?

  /// Whether the folder has images of either part.
  public static func recognizes(_ url: URL) -> Bool {
    file("images", of: .training, in: url) != nil || file("images", of: .test, in: url) != nil
  }

  /// Reads a folder.
  ///
  /// The classes are named by their numbers: `"0"` to `"9"`, or up to the largest label of both
  /// parts if that is larger.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - part: Which part to read; both if nil.
  /// - Throws: ``DatasetError`` if the folder holds no part, or not the one asked for, if a part
  ///   lacks its labels, or if a file is damaged.
  public init(contentsOf url: URL, part: DataPart? = nil) throws {
    let wanted = part.map { [$0] } ?? [.training, .test]
    var labels: [DataPart: IDXFile] = [:]
    for part in [DataPart.training, .test] {
      guard Self.file("images", of: part, in: url) != nil else { continue }
      guard let file = Self.file("labels", of: part, in: url) else {
        throw DatasetError(
          .mismatched, at: url.path,
          expected: "the labels of the \(part) images, \(Self.names("labels", of: part)[0])",
          found: "none", advice: "put the file of labels beside the file of images")
      }
      labels[part] = try IDXFile(contentsOf: file)
    }
    let largest = labels.values.compactMap { $0.buffer.bytes.max() }.max() ?? 0
    let classNames = numberedClasses(upTo: max(9, Int32(largest)))
    func read(_ part: DataPart) throws -> ByteImageDataset? {
      guard wanted.contains(part), let labels = labels[part],
        let images = Self.file("images", of: part, in: url)
      else { return nil }
      return try ByteImageDataset(
        images: IDXFile(contentsOf: images), labels: labels, classNames: classNames)
    }
    self.training = try read(.training)
    self.test = try read(.test)
    guard training != nil || test != nil else {
      throw DatasetError(
        .unreadable, at: url.path,
        expected: wanted.map { Self.names("images", of: $0).first ?? "a \($0) part" }
          .joined(separator: " or ") + ", plain or .gz",
        found: "none", advice: "check the folder's name")
    }
  }

  /// The names that a file may have, without `.gz`; none for a part that this form does not have.
  private static func names(_ kind: String, of part: DataPart) -> [String] {
    let ending = kind == "images" ? "idx3-ubyte" : "idx1-ubyte"
    let prefixes: [String]
    switch part {
    case .training: prefixes = ["train"]
    case .test: prefixes = ["t10k", "test"]
    case .validation: prefixes = []
    }
    return prefixes.flatMap { ["\($0)-\(kind)-\(ending)", "\($0)-\(kind).\(ending)"] }
  }

  private static func file(_ kind: String, of part: DataPart, in folder: URL) -> URL? {
    names(kind, of: part).flatMap { [$0, $0 + ".gz"] }
      .map { folder.appendingPathComponent($0) }
      .first { FileSystem.exists($0.path) }
  }
}
