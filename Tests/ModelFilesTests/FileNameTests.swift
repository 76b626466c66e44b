import FilePaths
import Foundation
import Layers
import ModelFiles
import Tensors
import Testing

/// Files whose names are bytes, and as long as names may be.
@Suite struct FileNameTests {
  @Test func replacesFilesWhoseNamesAreNotUTF8() throws {
    let folder = TemporaryFolder()
    let path = folder.file(#"caf\xE9"#)
    try AtomicFile.write([1], to: path)
    try AtomicFile.write([2, 3], to: path)
    #expect(FileSystem.contents(of: path) == [2, 3])
    #expect(FileSystem.entries(of: folder.path)?.map(\.name) == [#"caf\xE9"#])
    // A link to it: now the name is the system's answer.
    let link = folder.file("link")
    let target: [UInt8] = [0x63, 0x61, 0x66, 0xE9, 0]
    #expect(
      target.withUnsafeBytes { bytes in
        bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { symlink($0, link) } }
      } == 0)
    try AtomicFile.write([4], to: link)
    #expect(FileSystem.contents(of: path) == [4])
    #expect(
      FileSystem.status(of: link, followsLink: false).map { $0.st_mode & S_IFMT } == S_IFLNK)
    #expect(FileSystem.removeFile(link) && FileSystem.removeFile(path))
  }

  @Test func removesScratchFilesWhoseNamesAreNotUTF8() throws {
    let folder = TemporaryFolder()
    #expect(FileSystem.write([], to: folder.file(#".caf\xE9.17-0.tmp"#)))
    #expect(FileSystem.write([], to: folder.file("kept")))
    AtomicFile.removeScratchFiles(in: folder.path)
    #expect(folder.names == ["kept"])
  }

  @Test func createsAndClaimsFolders() throws {
    let folder = TemporaryFolder()
    let path = folder.file(#"\xE9/\xE8"#)
    try AtomicFile.createFolder(path)
    #expect(FileSystem.isFolder(path))
    // The tests' own look at the disk repairs what is not UTF-8: the name is bytes.
    #expect(folder.names == ["\u{FFFD}"])
    do {
      let lock = try #require(try FolderLock(folder: path))
      #expect(FolderLock.exists(in: path))
      #expect(try FolderLock(folder: path) == nil)
      withExtendedLifetime(lock) { FolderLock.removeFolder(path) }
    }
    #expect(FileSystem.removeFolder(folder.file(#"\xE9"#)))
  }

  @Test func namesMayBeAsLongAsTheSystemAllows() throws {
    let folder = TemporaryFolder()
    for name in [String(repeating: "x", count: 255), String(repeating: "é", count: 127) + "x"] {
      try AtomicFile.write([7], to: folder.file(name))
      #expect(FileSystem.contents(of: folder.file(name)) == [7])
      let error = #expect(throws: ModelFileError.self) {
        try AtomicFile.write([7], to: folder.file(name + "x"))
      }
      #expect(error?.systemError == ENAMETOOLONG)
    }
  }

  @Test func modelsAndNetworksAreReadByAnyName() throws {
    let folder = TemporaryFolder()
    let url = URL(pathText: folder.file(#"mod\xE8le.safetensors"#))
    let model = try Model(Dense(outputSize: 2), inputShape: [3], seed: 1)
    try model.save(to: url)
    #expect(folder.names == ["mod\u{FFFD}le.safetensors"])
    #expect(try Model(contentsOf: url).fileBytes() == model.fileBytes())
    let network = URL(pathText: folder.file(#"r\xE9seau.yaml"#))
    #expect(FileSystem.write(Array("layers: [{Dense: classes}]".utf8), to: network.path))
    #expect(try NetworkFile(contentsOf: network).file == network.path)
    #expect(FileSystem.removeFile(url.path) && FileSystem.removeFile(network.path))
    let error = #expect(throws: ModelFileError.self) { try Model(contentsOf: url) }
    #expect(error?.description.contains(#"/mod\xE8le.safetensors: expected"#) == true)
  }
}
