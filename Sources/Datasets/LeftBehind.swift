/// What archivers, file servers, notebooks and systems leave in folders: none of it is anybody's data.
package enum LeftBehind {
  /// Whether a file or folder of that name is passed over wherever data are looked for.
  ///
  /// Hidden names are passed over, too, and are told by their first character.
  package static func contains(_ name: String) -> Bool { names.contains(name) }

  private static let names: Set = [
    "__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information", "Thumbs.db",
    "desktop.ini", "__pycache__",
  ]
}
