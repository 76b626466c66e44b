import Datasets
import Foundation
import Images
import Tensors
import Testing

/// What a training refuses of images that were opened, and what it validates with.
@Suite struct TrainingPartTests {
  @Test func aClassOfWhichNothingCanBeRead() throws {
    try withTemporaryFolder { folder in
      try write(
        ["a/1.png": png(flat(1)), "b/1.png": [], "c/1.png": png(flat(2))], to: folder)
      let images = try LabelledImages.open(
        folder.path, options: ImageOptions(skipsBadFiles: true))
      let error = #expect(throws: DatasetError.self) { try images.trainingPart() }
      #expect(error?.expected == "images of the class b that can be read")
    }
  }

  @Test func severalLabelsOfAnImage() throws {
    try withTemporaryFolder { folder in
      let list = folder.appendingPathComponent("labels.csv")
      try write(
        [
          "1.png": png(flat(1)), "2.png": png(flat(2)),
          "labels.csv": Array("1.png,sun|sea\n2.png,sea\n".utf8),
        ], to: folder)
      let images = try LabelledImages.open(folder.path, options: ImageOptions(labels: list))
      let error = #expect(throws: DatasetError.self) { try images.trainingPart() }
      #expect(error?.expected == "one label for each image")
      #expect(error?.found == "images with several labels or none")
    }
  }

  /// The list and the layout are those of the images to learn from.
  @Test func otherImagesToValidateWithHaveTheirOwnLayout() throws {
    try withTemporaryFolder { folder in
      let list = folder.appendingPathComponent("labels.csv")
      try write(
        [
          "flat/1.png": png(flat(1)), "flat/2.png": png(flat(2)),
          "labels.csv": Array("1.png,a\n2.png,b\n".utf8), "other/b/7.png": png(flat(3)),
        ], to: folder)
      let options = ImageOptions(layout: .classes, labels: list)
      let images = try LabelledImages.open(folder.path + "/flat", options: options)
      let (training, validation, other) = try images.trainingAndValidation(
        folder.path + "/other", seed: 1, options: options)
      #expect(training.labels == [0, 1])
      #expect(validation?.labels == [1])
      #expect(other?.listing?.labelSource == .folders)
    }
  }

  @Test func imagesOfAnotherRangeDoNotValidate() throws {
    try withTemporaryFolder { folder in
      let image = png(flat(9, width: 8, height: 8, channels: 1))
      try write(["0/1.png": image, "1/1.png": image], to: folder)
      let digits = try LabelledImages.open("digits")
      let error = #expect(throws: DatasetError.self) {
        try digits.trainingAndValidation(folder.path, seed: 1)
      }
      #expect(error?.expected == "pixels up to 16.0")
      #expect(error?.found == "pixels up to 255.0")
    }
  }

  @Test func partsOfIDXFilesHaveOneSize() throws {
    try withTemporaryFolder { folder in
      var files = DataFolderTests.mnist
      files["t10k-images-idx3-ubyte"] = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 5, 6]
      try write(files, to: folder)
      let error = #expect(throws: DatasetError.self) { try DataFolder.open(folder) }
      #expect(error?.expected == "images of one size in all parts")
      #expect(try DataFolder.open(folder, split: "test").test?.fields[0].exampleShape == [2, 1, 1])
    }
  }

  @Test func preparationsOfModels() throws {
    #expect(
      try ImagePreparation("as-stored,crop 0...16.0")
        == ImagePreparation(
          reading: ImageReading(orientation: .asStored, resizing: .crop), maximumPixel: 16))
    // Files of earlier versions and of other programs.
    let standard = try ImagePreparation(ofModel: nil)
    #expect(standard.description == "upright,squash 0...255.0")
  }
}
