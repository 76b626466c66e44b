import FilePaths
import Foundation

/// A folder that holds files of CIFAR-10 or CIFAR-100, in any of their versions.
struct CIFARLocation {
  /// The folder's path.
  let path: String
  /// Its path below the folder that was named; none for that one.
  let components: [String]
  /// Those of its files that belong to either data set.
  let files: Set<String>

  private let form: CIFARForm?

  /// The path below the folder that was named, for people.
  var shownPath: String { components.joined(separator: "/") }

  /// The folders with such files on the first level, up to two down, that has any.
  ///
  /// Other versions than the binary one count only where there is no binary one.
  static func all(in url: URL) -> [CIFARLocation] {
    for level in FolderContents.levels(below: url.path, isWanted: interesting.contains) {
      let found = level.compactMap(CIFARLocation.init)
      let binary = found.filter { $0.form != nil }
      if !found.isEmpty { return binary.isEmpty ? found : binary }
    }
    return []
  }

  /// The form, of a version that is read.
  ///
  /// - Throws: ``DatasetError`` if it is another version, with the one to fetch.
  func binaryForm() throws -> CIFARForm {
    if let form { return form }
    let form =
      files.contains(where: CIFARForm.cifar10.otherFiles.contains) ? CIFARForm.cifar10 : .cifar100
    let isMATLAB = files.contains { $0.hasSuffix(".mat") }
    throw DatasetError(
      .unsupported, at: path, expected: "\(form.title)'s binary version, \(form.trainingFiles[0])",
      found: isMATLAB ? "its MATLAB version" : "its Python version, which is made of pickles",
      advice: "fetch \(form.archive) from the same page and unpack it")
  }

  private static let interesting = Set(
    CIFARForm.allCases.flatMap {
      $0.trainingFiles + [$0.testFile] + CIFARFolder.Labels.allCases.map($0.namesFile)
        + $0.otherFiles
    })

  private init?(_ contents: FolderContents) {
    let files = Set(contents.files)
    self.path = contents.path
    self.components = contents.components
    self.files = files
    if !files.isDisjoint(with: CIFARForm.cifar10.trainingFiles + [CIFARForm.cifar10.testFile]) {
      form = .cifar10
    } else if Self.isCIFAR100(contents) {
      form = .cifar100
    } else {
      form = nil
      guard Self.isOtherVersion(contents) else { return nil }
    }
  }

  /// Whether files are of the Python or the MATLAB version: CIFAR-10's by their names; two of `train`, `test`
  /// and `meta`, names that others use, too, are CIFAR-100's if the first bytes of one are those of a pickle
  /// or of MATLAB.
  private static func isOtherVersion(_ contents: FolderContents) -> Bool {
    if contents.files.contains(where: CIFARForm.cifar10.otherFiles.contains) { return true }
    // All three together are nobody else's.
    if Set(contents.files).isSuperset(of: ["train", "test", "meta"]) { return true }
    let found = contents.files.filter(CIFARForm.cifar100.otherFiles.contains)
    guard found.count > 1 else { return false }
    return found.contains { name in
      var head = [UInt8](repeating: 0, count: 6)
      // One that cannot be read says nothing; who needs it will say so.
      _ = try? head.withUnsafeMutableBytes {
        try ByteSource(path: contents.path(of: name)).read(into: $0)
      }
      return head.starts(with: "MATLAB".utf8) || head[0] == 0x80 && (2...5).contains(head[1])
    }
  }

  /// Whether `train.bin` or `test.bin`, names that others use, too, are CIFAR-100's: files with its
  /// classes' names lie beside them, the folder is called so, or their sizes are those of records.
  private static func isCIFAR100(_ contents: FolderContents) -> Bool {
    let form = CIFARForm.cifar100
    let found = (form.trainingFiles + [form.testFile]).filter(contents.files.contains)
    guard !found.isEmpty else { return false }
    let folder = contents.name.lowercased()
    return CIFARFolder.Labels.allCases.contains { contents.files.contains(form.namesFile($0)) }
      || folder.contains("cifar-100") || folder.contains("cifar100")
      || found.allSatisfy { name in
        let size = FileSystem.status(of: contents.path(of: name)).map { Int($0.st_size) } ?? 0
        return size > 0 && size % form.recordSize == 0
      }
  }
}
