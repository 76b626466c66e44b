import Foundation
import Threads

/// A folder with the system's text files of a machine that does not exist, for as long as it lives.
final class FakeMachine {
  private let root: URL

  var files: SystemText { SystemText(root: root.path) }

  /// Writes `files`, given by their absolute paths.
  init(_ files: [String: String]) throws {
    root = FileManager.default.temporaryDirectory
      .appendingPathComponent("needletail-machine-\(UUID().uuidString)")
    for (path, text) in files {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }

  deinit {
    // What remains of it in the folder for temporary files harms nobody.
    _ = try? FileManager.default.removeItem(at: root)
  }
}
