import Datasets
import Foundation
import Images
import Testing

/// Files whose names have no ending are images if their bytes say so.
@Suite struct BareNameTests {
  let image = flat(9)

  @Test func bytesDecide() throws {
    try withTemporaryFolder { folder in
      try write(
        [
          "cat/1": png(image), "cat/a.b/2": jpeg(image), "dog/1": png(image),
          "dog/3": Array("GIF89a".utf8), "dog/4": jpeg(image).dropLast(9),
          "README": Array("BM\n".utf8), "dog/LICENSE": Array("P6 of it".utf8), "cat/Makefile": [],
          "cat/5.dat": png(image),
        ], to: folder)
      let listing = try ImageListing(of: folder)
      #expect(listing.classNames == ["cat", "dog"])
      #expect(
        listing.parts[0].files.map(\.path) == ["cat/1", "cat/a.b/2", "dog/1", "dog/3", "dog/4"])
      #expect(
        listing.leftOut.map(\.description) == [
          "3 files that have no ending and are no images (README …)",
          "1 file ending in .dat (cat/5.dat)",
        ])
      #expect(
        listing.notes.contains(
          "5 files without an ending (cat/1 …) taken for images by their bytes"))
      // What is wrong with them is told like that of others.
      let error = #expect(throws: ImageProblems.self) { try DataFolder.open(folder) }
      #expect(error?.problems.map(\.kind) == [.otherFormat, .truncated])
      #expect("\(try #require(error))".contains(#"\( ! -name '*.*' \) -exec"#))
      let data = try DataFolder.open(folder, options: ImageOptions(skipsBadFiles: true))
      #expect(data.training?.labels == [0, 0, 1])
      #expect(try ImageFiles.list(in: folder).count == 5)
    }
  }

  @Test func listsAndNames() throws {
    try withTemporaryFolder { folder in
      try write(
        [
          "v1.0/1": png(image), "v1.0/2": png(image), "labels.csv": Array("1,x\n2,y\n".utf8),
        ], to: folder)
      let listing = try ImageListing(
        of: folder, labels: folder.appendingPathComponent("labels.csv"))
      #expect(listing.parts[0].files.map(\.path) == ["v1.0/1", "v1.0/2"])
    }
    try withTemporaryFolder { folder in
      try write(["cat_1": png(image), "dog_1": png(image)], to: folder)
      #expect(try ImageListing(of: folder).classNames == ["cat", "dog"])
    }
  }

  @Test func nothingThatIsAnImage() throws {
    try withTemporaryFolder { folder in
      try write(["cat/1": [1], "cat/2": [2], "dog/1.img": [3]], to: folder)
      let error = #expect(throws: DatasetError.self) { try ImageListing(of: folder) }
      #expect(
        error?.found == "2 files without an ending, no images by their bytes and 1 other file")
      let none = #expect(throws: DatasetError.self) { try ImageFiles.list(in: folder) }
      #expect(
        none?.found
          == "none, but 2 files that have no ending and are no images (cat/1 …), "
          + "1 file ending in .img (dog/1.img)")
    }
  }
}
