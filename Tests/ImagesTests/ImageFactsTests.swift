import Datasets
import Foundation
import Images
import Tensors
import Testing

/// What is decided from the headers of all images.
@Suite struct ImageFactsTests {
  /// The data set of a folder with images of these sizes in two classes.
  func dataset(
    _ sizes: [(height: Int, width: Int, channels: Int)], preferred: (height: Int, width: Int)? = nil
  ) throws -> ImageFolderDataset {
    var result: ImageFolderDataset?
    try withTemporaryFolder { folder in
      for (index, size) in sizes.enumerated() {
        let image = flat(9, width: size.width, height: size.height, channels: size.channels)
        try write(["\(index % 2 == 0 ? "a" : "b")/\(100 + index).png": png(image)], to: folder)
      }
      let listing = try ImageListing(of: folder)
      result = try ImageFolderDataset(listing.parts[0], of: listing, preferredSize: preferred)
    }
    return try #require(result)
  }

  @Test func colourIfAnyIs() throws {
    #expect(try dataset([(4, 4, 1), (4, 4, 1), (4, 4, 3)]).imageShape == [4, 4, 3])
    #expect(try dataset([(4, 4, 1), (4, 4, 1)]).imageShape == [4, 4, 1])
  }

  @Test func theSizeOfMostIfItIsSmall() throws {
    #expect(try dataset([(200, 300, 3), (8, 6, 3), (8, 6, 3)]).imageShape == [8, 6, 3])
    #expect(try dataset([(96, 90, 1), (96, 90, 1)]).imageShape == [96, 90, 1])
    #expect(try dataset([(97, 90, 1), (97, 90, 1)]).imageShape == [64, 64, 1])
  }

  @Test func elseAStandardSize() throws {
    #expect(try dataset([(20, 30, 3), (21, 30, 3), (22, 30, 3)]).imageShape == [32, 32, 3])
    #expect(try dataset([(120, 130, 3), (121, 130, 3), (22, 30, 3)]).imageShape == [64, 64, 3])
    let preferred = try dataset(
      [(120, 130, 3), (121, 130, 3), (22, 30, 3)], preferred: (height: 224, width: 224))
    #expect(preferred.imageShape == [224, 224, 3])
  }

  @Test func toldInWords() throws {
    let facts = try dataset([(20, 30, 1), (21, 30, 3), (21, 30, 3)]).facts
    #expect(facts.description == "20×30 to 21×30 (2 sizes), 1 of 3 grey, PNG")
    #expect(facts.sizes.map(\.count) == [2, 1])
  }

  @Test func severalLabelsAreANumberForEachClass() throws {
    try withTemporaryFolder { folder in
      try write(
        [
          "1.png": png(flat(1)), "2.png": png(flat(2)), "3.png": png(flat(3)),
          "labels.csv": Array("file,sea,sun\n1.png,1,1\n2.png,0,0\n3.png,0,1\n".utf8),
        ], to: folder)
      let listing = try ImageListing(
        of: folder, labels: folder.appendingPathComponent("labels.csv"))
      let dataset = try ImageFolderDataset(listing.parts[0], of: listing)
      #expect(dataset.labels == nil)
      #expect(dataset.fields[1].exampleShape == [2])
      let batch = try Batch(allOf: dataset)
      let targets = (0..<6).map { batch.floats(1)[$0] }
      let first = (0..<3).map { batch.floats(0)[$0 * dataset.imageShape.count] }
      let byImage = Dictionary(
        uniqueKeysWithValues: zip(first, [targets[0..<2], targets[2..<4], targets[4..<6]]))
      #expect(byImage[1] == [1, 1])
      #expect(byImage[2] == [0, 0])
      #expect(byImage[3] == [0, 1])
    }
  }

  @Test func allBadImagesAreNamedAtOnce() throws {
    try withTemporaryFolder { folder in
      var files: [String: [UInt8]] = ["b/0.png": png(flat(1)), "a/x.gif": [1]]
      for index in 10..<50 {
        files["a/\(index).png"] = index % 4 == 0 ? [] : png(flat(UInt8(index)))
      }
      files["b/1.png"] = Array(png(flat(3)).dropLast(20))
      try write(files, to: folder)
      let error = #expect(throws: ImageProblems.self) { try DataFolder.open(folder) }
      #expect(error?.problems.count == 12)
      #expect(error?.imageCount == 43)
      for name in ["a/12.png", "a/48.png", "b/1.png", "a/x.gif"] {
        #expect(error?.description.contains("/\(name)") == true)
      }
      #expect(error?.description.contains("--skip-bad") == true)
      let data = try DataFolder.open(folder, options: ImageOptions(skipsBadFiles: true))
      #expect(data.training?.count == 31)
      #expect(data.training?.labels?.count { $0 == 0 } == 30)
    }
  }

  @Test func skippingFindsWhatOnlyDecodingShows() throws {
    try withTemporaryFolder { folder in
      var damaged = png(gradient(width: 40, height: 40, channels: 3))
      damaged[damaged.count / 2] ^= 0xFF
      try write(
        ["a/1.png": png(flat(1)), "b/1.png": png(flat(2)), "b/2.png": damaged], to: folder)
      let plain = try ImageFolderDataset(contentsOf: folder)
      #expect(plain.count == 3)
      #expect(throws: DatasetError.self) { try Batch(allOf: plain) }
      let skipping = try ImageFolderDataset(
        contentsOf: folder, options: ImageOptions(skipsBadFiles: true))
      #expect(skipping.count == 2)
      #expect(skipping.skipped.count == 1)
      #expect(throws: Never.self) { try Batch(allOf: skipping) }
    }
  }
}
