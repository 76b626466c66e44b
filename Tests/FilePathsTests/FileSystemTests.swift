import FilePaths
import Foundation
import Testing

@Suite struct FileSystemTests {
  /// A folder named in Latin-1, for one test; and its parent.
  private func withFolder(_ body: (_ folder: String, _ parent: String) throws -> Void) throws {
    let parent = FileSystem.temporaryFolder() + "/needletail-paths-\(UUID().uuidString)"
    let folder = parent + #"/caf\xE9"#
    try #require(FileSystem.createFolder(parent) && FileSystem.createFolder(folder))
    defer { try? FileManager.default.removeItem(atPath: parent) }
    try body(folder, parent)
  }

  /// The names in a folder, as the system has them.
  private func names(in folder: String) -> [[UInt8]] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var names: [[UInt8]] = []
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name.first != UInt8(ascii: ".") { names.append(name) }
    }
    return names
  }

  @Test func everyCallTakesTheTextForm() throws {
    try withFolder { folder, parent in
      // On the disk are the bytes.
      #expect(names(in: parent) == [[0x63, 0x61, 0x66, 0xE9]])
      #expect(FileSystem.isFolder(folder) && FileSystem.exists(folder))
      let file = folder + #"/\xFF.bin"#
      #expect(FileSystem.write([1, 2, 3], to: file))
      #expect(FileSystem.contents(of: file) == [1, 2, 3])
      #expect(FileSystem.status(of: file)?.st_size == 3)
      #expect(!FileSystem.isFolder(file))
      #expect(
        FileSystem.realPath(parent + #"/./caf\xE9/\xff.bin"#)?.hasSuffix(#"/caf\xE9/\xFF.bin"#)
          == true)
      #expect(FileSystem.volume(of: folder) != nil)

      let descriptor = FileSystem.open(folder, flags: O_RDONLY | O_DIRECTORY)
      #expect(descriptor >= 0)
      defer { close(descriptor) }
      let name = #"\x80"#
      let created = FileSystem.open(
        name, in: descriptor, flags: O_CREAT | O_WRONLY, permissions: 0o600)
      #expect(created >= 0)
      close(created)
      #expect(
        FileSystem.status(of: name, in: descriptor, followsLink: false)?.st_mode == S_IFREG | 0o600)
      #expect(FileSystem.move(name, to: #"\x81"#, in: descriptor))
      #expect(FileSystem.removeFile(#"\x81"#, in: descriptor))

      #expect(FileSystem.move(file, to: folder + #"/\xFE"#))
      #expect(FileSystem.entries(of: folder)?.map(\.name) == [#"\xFE"#])
      #expect(FileSystem.removeFile(folder + #"/\xFE"#))
      #expect(FileSystem.removeFolder(folder))
      #expect(FileSystem.entries(of: parent) == [])
    }
  }

  @Test func entriesTellKinds() throws {
    try withFolder { folder, _ in
      #expect(FileSystem.createFolder(folder + "/a"))
      #expect(FileSystem.write([], to: folder + "/b"))
      #expect(FileSystem.write([], to: folder + "/.c"))
      #expect(mkfifo("/dev/null/never", 0) != 0)
      let here = FileSystem.open(folder, flags: O_RDONLY | O_DIRECTORY)
      defer { close(here) }
      #expect(symlinkat("a", here, "d") == 0)
      #expect(symlinkat("nothing", here, "e") == 0)
      #expect(mkfifoat(here, "f", 0o600) == 0)
      // A hidden name may go on with a character that joins the dot.
      #expect(FileSystem.write([], to: folder + "/.\u{301}g"))
      let entries = try #require(FileSystem.entries(of: folder))
      let kinds = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.kind) })
      #expect(
        kinds == [
          "a": .folder, "b": .file, ".c": .file, "d": .folder, "e": .missing, "f": .other,
          ".\u{301}g": .file,
        ])
      #expect(Set(entries.filter(\.isHidden).map(\.name)) == [".c", ".\u{301}g"])
    }
  }

  /// A backslash in a name is told from a byte.
  @Test func literalBackslashes() throws {
    try withFolder { _, parent in
      #expect(FileSystem.createFolder(parent + #"/caf\x5CxE9"#))
      #expect(
        Set(names(in: parent)) == [[0x63, 0x61, 0x66, 0xE9], Array(#"caf\xE9"#.utf8)])
      #expect(
        FileSystem.entries(of: parent).map { Set($0.map(\.name)) }
          == [#"caf\xE9"#, #"caf\x5CxE9"#])
    }
  }

  @Test func failuresSayWhy() throws {
    try withFolder { folder, _ in
      func reason(_ isDone: Bool) -> Int32 { isDone ? 0 : errno }
      #expect(reason(FileSystem.exists(folder + "/no")) == ENOENT)
      #expect(reason(FileSystem.createFolder(folder)) == EEXIST)
      #expect(reason(FileSystem.entries(of: folder + "/no") != nil) == ENOENT)
      #expect(reason(FileSystem.contents(of: folder) != nil) == EISDIR)
      let longName = String(repeating: #"\xE9"#, count: 255)
      #expect(FileSystem.createFolder(folder + "/" + longName))
      #expect(reason(FileSystem.createFolder(folder + "/" + longName + "a")) == ENAMETOOLONG)
      let longPath = folder + String(repeating: "/.", count: 3000)
      #expect(reason(FileSystem.entries(of: longPath) != nil) == ENAMETOOLONG)
      // Not the folder whose name ends at the zero.
      #expect(reason(FileSystem.exists(folder + "\0")) == EINVAL)
      #expect(reason(FileSystem.entries(of: folder + "\0x") != nil) == EINVAL)
    }
  }

  @Test func urlsKeepTheText() throws {
    for path in [
      #"/tmp/caf\xE9"#, #"/a/\x5CxE9"#, "/a b%20?#;x", "/link/../x", "/e\u{301}/\u{301}", "/a\nb",
      "/~", "/",
    ] {
      #expect(Array(URL(pathText: path).path.utf8) == Array(path.utf8))
      let appended = URL(pathText: "/tmp").appendingPathComponent("x" + path.dropFirst())
      #expect(Array(appended.path.utf8) == Array(("/tmp/x" + path.dropFirst()).utf8))
    }
    let here = try #require(FileSystem.workingFolder())
    for path in ["x", #"caf\xE9/y"#, "link/../x", "~/x"] {
      #expect(URL(pathText: path).path == (here == "/" ? "" : here) + "/" + path)
    }
  }
}
