public import Foundation

/// A folder with a data set in files of the IDX format: MNIST, and what is stored like it
/// (Fashion-MNIST, KMNIST, EMNIST, QMNIST).
///
/// Images and labels of a part are a file each, recognised by their names: `…images…idx3…` and
/// `…labels…idx1…`, in any case, parted by dots, dashes or anything, plain or gzip, with or without
/// `.gz`. What else the name says is the part (`train`, `t10k`, `test`, `valid` and the others that
/// `DataPart.init(named:)` knows) and the data set (`emnist-letters`). Files without a part are to train
/// on. They lie in the folder itself, else one or two folders down (`MNIST/raw`).
public struct IDXFolder: Sendable {
  /// The part to train on, nil if it was not asked for or is not there.
  public let training: ByteImageDataset?
  /// The part to make choices by, nil if it was not asked for or is not there.
  public let validation: ByteImageDataset?
  /// The part to test on, nil if it was not asked for or is not there.
  public let test: ByteImageDataset?
  /// Whether the names of the files tell parts.
  public let isCut: Bool
  /// What was read and how: which files, whether transposed.
  public let notes: [String]
  /// What is probably not as it should be: classes without an image to train on, files left out.
  public let warnings: [String]

  /// Whether the folder has such files of images.
  public static func recognizes(_ url: URL) -> Bool { !IDXFileSet.all(in: url).isEmpty }

  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - url: The folder; where it holds several data sets, the path of one of them in it by its
  ///     files' name (`gzip/emnist-letters`), or one of its files.
  ///   - part: Which part to read; all if nil.
  ///   - classCount: The number of classes, named by their numbers; by default up to the largest label
  ///     of all parts.
  ///   - classNames: The classes of a network, by label: labels are numbers of these, by name if all of
  ///     these are numbers. Decides before `classCount`.
  ///   - transpose: Whether images are stored with rows and columns exchanged, and are to be turned
  ///     back; by default those of files that are named for EMNIST, which are.
  /// - Throws: ``DatasetError`` if the folder holds no part, or not the one asked for, or several data
  ///   sets; if a part lacks its labels; if a file is damaged; if a label is none of the classes.
  public init(
    contentsOf url: URL, part: DataPart? = nil, classCount: Int? = nil,
    classNames: [String]? = nil, transpose: Bool? = nil
  ) throws {
    let sets = IDXFileSet.all(in: url)
    guard let set = sets.first else {
      throw DatasetError(
        .unreadable, at: url.path,
        expected: "IDX files such as train-images-idx3-ubyte, plain or .gz", found: "none",
        advice: "check the folder's name")
    }
    guard sets.count == 1 else { throw Self.severalSets(sets, in: url) }
    var reading = try IDXReading(
      set, in: url, part: part, transpose: transpose ?? set.files.contains { $0.name.isOfEMNIST })
    try reading.chooseClasses(count: classCount, names: classNames)
    self.training = try reading.dataset(.training)
    self.validation = try reading.dataset(.validation)
    self.test = try reading.dataset(.test)
    self.isCut = set.isCut
    self.notes = reading.notes(isTransposeChosen: transpose != nil)
    self.warnings = reading.warnings
  }

  private static func severalSets(_ sets: [IDXFileSet], in url: URL) -> DatasetError {
    let folders = Set(sets.map(\.folder))
    let shown = sets.map { set in
      let name = set.name.isEmpty ? set.files[0].name.text : set.name
      if set.folder.isEmpty { return name }
      return folders.count == sets.count ? set.folder : set.folder + "/" + name
    }
    return DatasetError(
      .mismatched, at: url.path, expected: "the files of one data set",
      found: "those of " + shown.joined(separator: ", "),
      advice: "name one of them: \(url.path)/\(shown[0])")
  }
}
