import Foundation
import Testing

@Suite struct OneDoorTests {
  /// Calls that repair names which are not UTF-8, or take a path past ``FileSystem``.
  ///
  /// Without `stat`: a structure is called so. Methods, too, are called `open`; what counts is the call alone.
  private static let repairing = [
    "FileManager", "fileURLWithPath: ", "filePath: ", "Data(contentsOf", "String(contentsOf",
    ".resourceValues", "NSString", "opendir(", "realpath(", "lstat(", "mkdir(", "rmdir(", "unlink(",
    "fopen(", " access(", "rename(", "renameat(", "openat(", "readlink(", "symlink(", "scandir(",
    "chdir(", " truncate(", " chmod(", "= open(", "= Glibc.open(",
  ]

  /// `FilePaths` is the door, and examples name files as they like.
  private static let exempt: Set = ["FilePaths", "Examples", "TestSupport", "ParserCases"]

  @Test func pathsGoThroughFileSystem() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")
    let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path)
      .filter { $0.hasSuffix(".swift") && !Self.exempt.contains(String($0.prefix { $0 != "/" })) }
    #expect(files.count > 100)
    for file in files {
      let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
      for line in text.split(separator: "\n") {
        let code = line.drop { $0 == " " }
        guard !code.hasPrefix("//") else { continue }
        for call in Self.repairing where code.contains(call) {
          Issue.record("\(file): \(code): use FileSystem or URL(pathText:)")
        }
      }
    }
  }
}
