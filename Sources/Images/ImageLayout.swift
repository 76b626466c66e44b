/// What the folders in a folder of images stand for, where their names and places leave it open.
public enum ImageLayout: String, Hashable, Sendable, CaseIterable, Encodable {
  /// Each folder is a class, whatever its name.
  case classes
  /// Folders that are named for parts (`train`, `test_set`) are parts; folders beside them are left out.
  case parts
}
