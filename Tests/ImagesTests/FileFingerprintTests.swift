import Datasets
import Foundation
import Images
import Testing

@Suite struct FileFingerprintTests {
  private func fingerprint(
    _ folder: URL, _ paths: [String], mostFiles: Int = 100, mostSmallFiles: Int = 100
  ) throws -> DataFingerprint {
    try FileFingerprint.read(
      count: paths.count, mostFiles: mostFiles, mostSmallFiles: mostSmallFiles, threadCount: 2
    ) { folder.path + "/" + paths[$0] }
  }

  private func touch(_ url: URL) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: url.path)
  }

  @Test func aCopyIsTheSameAndAChangedByteIsNot() throws {
    try withTemporaryFolder { folder in
      let paths = ["a/1.png", "a/2.png", "b/1.png"]
      for copy in ["one/", "two/deeper/"] {
        try write(
          Dictionary(
            uniqueKeysWithValues: paths.map { (copy + $0, Array("pixels of \($0)".utf8)) }),
          to: folder)
      }
      let one = folder.appendingPathComponent("one")
      let two = folder.appendingPathComponent("two/deeper")
      try touch(two.appendingPathComponent("a/2.png"))
      let expected = try fingerprint(one, paths)
      #expect(expected.times == nil)
      #expect(try fingerprint(two, paths) == expected)
      #expect(try fingerprint(two, ["a/2.png", "a/1.png", "b/1.png"]) != expected)
      try write(["a/2.png": Array("pixels of a/3.png".utf8)], to: two)
      #expect(try fingerprint(two, paths) != expected)
      // Another name is another path below the folder that all files lie in.
      try FileManager.default.moveItem(
        at: one.appendingPathComponent("b"), to: one.appendingPathComponent("c"))
      #expect(try fingerprint(one, ["a/1.png", "a/2.png", "c/1.png"]) != expected)
    }
  }

  @Test func ofLargeFilesThreePartsAndTheSizeCount() throws {
    try withTemporaryFolder { folder in
      var bytes = [UInt8](repeating: 1, count: 500_000)
      let url = folder.appendingPathComponent("large")
      func fingerprint() throws -> DataFingerprint {
        try Data(bytes).write(to: url)
        try touch(url)
        return try FileFingerprint.read(count: 1, threadCount: 2) { _ in url.path }
      }
      let expected = try fingerprint()
      #expect(expected.times != nil)
      for position in [0, 250_000, 499_999] {
        bytes[position] = 2
        #expect(try fingerprint().content != expected.content, "byte \(position)")
        bytes[position] = 1
      }
      bytes[100_000] = 2
      #expect(try fingerprint() == expected)
      // Only the time tells of that.
      try Data(bytes).write(to: url)
      let later = try FileFingerprint.read(count: 1, threadCount: 2) { _ in url.path }
      #expect(later.content == expected.content)
      #expect(later.times != expected.times)
      bytes.append(1)
      #expect(try fingerprint().content != expected.content)
    }
  }

  @Test(arguments: [3, 40_000])
  func ofManyFilesEveryNthIsReadAndAllSizesCount(size: Int) throws {
    try withTemporaryFolder { folder in
      let paths = (0..<10).map { "\($0)" }
      let content = [UInt8](repeating: 1, count: size)
      let other = [UInt8](repeating: 2, count: size)
      try write(Dictionary(uniqueKeysWithValues: paths.map { ($0, content) }), to: folder)
      func found() throws -> String {
        let found =
          size < FileFingerprint.smallBytes
          ? try fingerprint(folder, paths, mostSmallFiles: 4)
          : try fingerprint(folder, paths, mostFiles: 4, mostSmallFiles: 1)
        #expect(found.times != nil)
        return found.content
      }
      let expected = try found()
      try write(["3": other], to: folder)
      #expect(try found() != expected)
      try write(["3": content, "4": other], to: folder)
      #expect(try found() == expected)
      try write(["4": other + [0]], to: folder)
      #expect(try found() != expected)
    }
  }

  @Test func aFileThatIsGoneIsNamed() throws {
    try withTemporaryFolder { folder in
      try write(["1": [1], "2": [2]], to: folder)
      let error = #expect(throws: DatasetError.self) {
        try fingerprint(folder, ["1", "gone", "2", "lost"])
      }
      #expect(error?.kind == .unreadable)
      #expect(error?.place.hasSuffix("/gone") == true)
    }
  }

  @Test func theImagesOfAFolderHaveIt() throws {
    try withTemporaryFolder { folder in
      try write(
        ["a/1.png": png(flat(1)), "a/2.png": png(flat(2)), "b/1.png": png(flat(3))], to: folder)
      let expected = try ImageFolderDataset(contentsOf: folder).fingerprint(of: [0, 1, 2])
      #expect(expected != nil)
      try write(["a/2.png": png(flat(4))], to: folder)
      let data = try ImageFolderDataset(contentsOf: folder)
      #expect(try data.fingerprint(of: [0, 1, 2]) != expected)
      #expect(try data.fingerprint(of: [0, 2]) != nil)
    }
  }
}
