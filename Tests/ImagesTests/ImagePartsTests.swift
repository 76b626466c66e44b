import Datasets
import Foundation
import Images
import ParserCases
import Tensors
import Testing

/// The parts of a folder together: one shape, one look at all files, what is told.
@Suite struct ImagePartsTests {
  @Test func oneShapeFromTheImagesOfAllParts() throws {
    try withTemporaryFolder { folder in
      var files = [
        "train/a/1.png": png(flat(1, width: 6, height: 8, channels: 1)),
        "train/b/1.png": png(flat(2, width: 6, height: 8, channels: 1)),
      ]
      for index in 0..<3 {
        files["test/a/\(index).png"] = png(flat(3, width: 7, height: 5, channels: 3))
      }
      try write(files, to: folder)
      let all = try DataFolder.open(folder)
      #expect(all.training?.fields[0].exampleShape == [5, 7, 3])
      #expect(all.test?.fields[0].exampleShape == [5, 7, 3])
      let grey = try DataFolder.open(folder, channels: 1)
      #expect(grey.training?.fields[0].exampleShape == [5, 7, 1])
    }
  }

  @Test func onePartAloneHasTheSizeOfTheTrainingPart() throws {
    try withTemporaryFolder { folder in
      var files = ["test/a/1.png": png(flat(3, width: 4, height: 4))]
      for name in ["a/1", "a/2", "b/1"] {
        files["train/\(name).png"] = png(flat(1, width: 6, height: 8))
      }
      try write(files, to: folder)
      let test = try DataFolder.open(folder, split: "test")
      #expect(test.parts.count == 1)
      #expect(test.test?.fields[0].exampleShape == [8, 6, 3])
    }
  }

  @Test func skippingDecodesEveryPart() throws {
    try withTemporaryFolder { folder in
      var damaged = png(gradient(width: 40, height: 40, channels: 3))
      damaged[damaged.count / 2] ^= 0xFF
      let sound = png(flat(1))
      try write(
        [
          "train/a/1.png": sound, "train/b/1.png": sound, "train/b/2.png": damaged,
          "val/a/1.png": sound, "val/b/1.png": damaged,
        ], to: folder)
      let data = try DataFolder.open(folder, options: ImageOptions(skipsBadFiles: true))
      #expect(data.training?.count == 2)
      #expect(data.validation?.count == 1)
    }
  }

  @Test func oddImagesCountOnce() throws {
    let stray = try RecordedCases.file("jpeg with stray bytes before its end")
    try withTemporaryFolder { folder in
      try write(["a/0.png": [], "a/1.jpg": stray, "b/1.png": png(flat(1))], to: folder)
      let images = try LabelledImages.open(
        folder.path, options: ImageOptions(skipsBadFiles: true))
      #expect(images.notes == [.strayBytes: 1])
      _ = try Batch(allOf: try images.trainingPart())
      #expect(images.notes == [.strayBytes: 1])
    }
  }

  @Test func manyBadImagesAreCutForPeople() throws {
    try withTemporaryFolder { folder in
      try write(["b/1.png": png(flat(1))], to: folder)
      for index in 0..<203 { try write(["a/\(1000 + index).png": []], to: folder) }
      let error = #expect(throws: ImageProblems.self) { try DataFolder.open(folder) }
      let lines = error?.description.split(separator: "\n") ?? []
      #expect(lines.first?.hasSuffix(": 203 of 204 images cannot be read:") == true)
      #expect(lines.count { $0.contains("a/1") && $0.contains("empty file") } == 200)
      #expect(lines.contains { $0.hasPrefix("  … and 3 more: `needletail data ") })
    }
  }

  @Test func whatEveryRunTells() throws {
    try withTemporaryFolder { folder in
      try write(
        [
          "train/a/1.png": png(flat(1, channels: 1)), "train/b/1.png": png(flat(2)),
          "train/b/2.png": [], "test/1.png": png(flat(3)), "test/2.png": png(flat(4)),
          "notes.txt": [],
        ], to: folder)
      let images = try LabelledImages.open(
        folder.path, options: ImageOptions(skipsBadFiles: true))
      let facts = images.facts(of: try images.trainingPart())
      #expect(facts.map(\.name) == ["layout", "images", "left out"])
      #expect(facts[0].text == "a folder a class, in the part train")
      #expect(facts[1].text == "4×4, 1 of 2 grey, PNG; used in colour")
      #expect(
        facts[2].text
          == "1 file ending in .txt (notes.txt); 2 images without labels in test, which predict takes; "
          + "1 image that cannot be read")
      let small = try LabelledImages.open(
        folder.path, imageShape: [2, 3, 1], options: ImageOptions(skipsBadFiles: true))
      #expect(
        small.facts(of: try small.trainingPart())[1].text
          == "4×4, 1 of 2 grey, PNG; resized to 2×3 (squash) in grey")
    }
  }

  @Test func factsAreThoseOfAllParts() throws {
    try withTemporaryFolder { folder in
      let grey = png(flat(1, channels: 1))
      try write(
        [
          "train/a/1.png": grey, "train/b/1.png": grey, "test/a/1.png": grey,
          "test/b/1.jpg": jpeg(flat(9, width: 8, height: 8)),
        ], to: folder)
      let facts = try #require(try LabelledImages.open(folder.path).imageFacts)
      #expect(facts.count == 4)
      #expect(facts.greyCount == 3)
      #expect(facts.formats == ["PNG": 3, "JPEG": 1])
      #expect(facts.description == "4×4 to 8×8 (2 sizes), 3 of 4 grey, PNG and JPEG")
    }
  }

  @Test func boundsOfTheStandardSize() throws {
    let facts = ImageFactsTests()
    #expect(
      try facts.dataset([(8, 6, 3), (8, 6, 3), (200, 300, 3), (201, 300, 3)]).imageShape
        == [8, 6, 3])
    // The shorter side, and 48 is not less than 48.
    #expect(try facts.dataset([(48, 100, 3), (48, 101, 3)]).imageShape == [64, 64, 3])
    #expect(try facts.dataset([(47, 100, 3), (47, 101, 3)]).imageShape == [32, 32, 3])
    // Exactly half of them small.
    #expect(
      try facts.dataset([(20, 130, 3), (21, 130, 3), (120, 131, 3), (121, 130, 3)]).imageShape
        == [32, 32, 3])
  }

  /// As the options or the model's file say, in training and in prediction.
  @Test func imagesAreTurnedAsAskedFor() throws {
    let file = try RecordedCases.file("png orientation 6")
    try withTemporaryFolder { folder in
      try write(["a/1.png": file, "b/1.png": file], to: folder)
      var shapes: Set<Shape> = []
      for orientation in ImageReading.Orientation.allCases {
        let reading = ImageReading(orientation: orientation)
        let image = try Image(decoding: file, reading: reading)
        let expected = image.pixels.map(Float.init)
        let dataset = try ImageFolderDataset(
          contentsOf: folder, options: ImageOptions(reading: reading))
        #expect(dataset.imageShape == [image.height, image.width, image.channels])
        shapes.insert(dataset.imageShape)
        let batch = try Batch(allOf: dataset)
        #expect((0..<expected.count).map { batch.floats(0)[$0] } == expected)
        let decoded = try ImageFiles.decode(
          [dataset.url(at: 0)], shape: dataset.imageShape,
          preparation: ImagePreparation(reading: reading), threadCount: 1)
        #expect(decoded.images.elements == expected)
      }
      // Lying and standing.
      #expect(shapes.count == 2)
    }
  }
}
