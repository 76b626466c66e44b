public import Foundation

extension URL {
  /// The file at a path in its text form; see ``PathText``.
  ///
  /// A path that does not begin with a slash begins in the working folder. Its parts are left to the
  /// system: unlike `URL(fileURLWithPath:)`, this takes no `..` away, which may stand behind a link,
  /// does not read `~` as the home folder, and knows a working folder whose name is not UTF-8.
  public init(pathText: String) {
    var path = pathText
    if path.utf8.first != UInt8(ascii: "/"), let folder = FileSystem.workingFolder() {
      path = folder + "/" + path
    }
    self.init(fileURLWithPath: path, isDirectory: false)
  }
}
