import Datasets
import Foundation
import Images
import Tensors
import Testing

@Suite("LabelledImages")
struct LabelledImagesTests {
  @Test("The digits are built in, with a training and a test part")
  func digits() throws {
    let images = try LabelledImages.open("digits")
    #expect(try images.trainingPart().count == 1442)
    #expect(try images.evaluationPart().name == "test")
    #expect(images.testPart?.count == 355)
    #expect(images.maximumPixel == 16)
    #expect(try images.trainingPart().classCount == 10)
    #expect(throws: DatasetError.self) { try LabelledImages.open("digits", split: "validation") }
    #expect(throws: DatasetError.self) { try LabelledImages.open("digits", imageShape: [9, 8, 1]) }
    #expect(throws: DatasetError.self) { try LabelledImages.open("digits", imageShape: [64]) }
    #expect(throws: DatasetError.self) {
      try LabelledImages.open("digits", classNames: ["zero", "one"])
    }
  }

  @Test("One part alone is what is trained and evaluated on")
  func split() throws {
    let images = try LabelledImages.open("digits", split: "test")
    #expect(try images.trainingPart().count == 355)
    #expect(try images.evaluationPart().name == "test")
    #expect(images.testPart == nil)
  }

  @Test("Digits are labelled by the classes of a network, which may be more")
  func digitsForANetwork() throws {
    let labels = try Digits.load().test.labels
    let more = (0..<12).map(String.init)
    let data = try LabelledImages.open("digits", classNames: more)
    #expect(data.parts[.test]?.classNames == more)
    #expect(data.parts[.test]?.labels == labels)
    let reversed = try LabelledImages.open(
      "digits", classNames: (0...9).reversed().map(String.init))
    #expect(reversed.parts[.test]?.labels == labels?.map { 9 - $0 })
    let words = [
      "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ]
    #expect(try LabelledImages.open("digits", classNames: words).parts[.test]?.classNames == words)
    for names in [["0", "1"], ["cat", "dog"]] {
      let error = #expect(throws: DatasetError.self) {
        try LabelledImages.open("digits", classNames: names)
      }
      #expect(error?.expected == "one of the classes \(names[0]), \(names[1])")
    }
    let transposed = #expect(throws: DatasetError.self) {
      try LabelledImages.open("digits", options: ImageOptions(transpose: true))
    }
    #expect(transposed?.found == "the digits that are built in")
  }

  @Test("Without validation nothing is held out; a fraction holds out, other images validate")
  func validation() throws {
    let images = try LabelledImages.open("digits")
    let whole = try images.trainingAndValidation(nil, seed: 1)
    #expect(whole.training.count == 1442)
    #expect(whole.validation == nil)
    let cut = try images.trainingAndValidation("0.25", seed: 1)
    #expect(cut.training.count + (cut.validation?.count ?? 0) == 1442)
    #expect(try images.trainingAndValidation("digits", seed: 1).validation?.count == 355)
    #expect(throws: DatasetError.self) { try images.trainingAndValidation("0", seed: 1) }
  }

  @Test("Folders of image files: resized, with parts, without parts")
  func folders() throws {
    try withTemporaryFolder { folder in
      let image = png(gradient(width: 10, height: 8, channels: 3))
      try write(
        [
          "train/a/1.png": image, "train/b/1.png": image, "train/b/2.png": image,
          "val/a/1.png": image, "test/b/1.png": image,
        ], to: folder)
      let images = try LabelledImages.open(
        folder.path, imageShape: [4, 5, 1], options: ImageOptions(threadCount: 1))
      #expect(try images.trainingPart().inputShape == [4, 5, 1])
      #expect(try images.trainingAndValidation(nil, seed: 1).validation?.count == 1)
      #expect(images.maximumPixel == 255)

      let bare = try LabelledImages.open(folder.path + "/train")
      #expect(try bare.evaluationPart().name == "")
      #expect(try bare.evaluationPart().dataset.count == 3)
      #expect(bare.testPart == nil)
      let validated = try bare.trainingAndValidation(folder.path + "/val", seed: 1)
      #expect(validated.validation?.count == 1)
      #expect(validated.validation?.classNames == ["a", "b"])
    }
  }

  @Test("What was learned from does not stand in for a test part without labels")
  func unlabelledTestPart() throws {
    try withTemporaryFolder { folder in
      let image = png(flat(9))
      try write(
        ["train/a/1.png": image, "train/b/1.png": image, "test/1.png": image, "test/2.png": image],
        to: folder)
      for split in [nil, "test"] {
        let error = #expect(throws: DatasetError.self) {
          try LabelledImages.open(folder.path, for: .evaluation, split: split)
        }
        #expect(error?.expected == "labels of the images of the test part")
        #expect(error?.found == "2 images without labels in test")
        #expect(error?.advice.contains("--split training") == true)
      }
      let named = try LabelledImages.open(folder.path, for: .evaluation, split: "train")
      #expect(try named.evaluationPart().name == "training")
      #expect(try LabelledImages.open(folder.path).trainingPart().count == 2)
      // One for predictions only is meant so.
      try FileManager.default.moveItem(
        at: folder.appendingPathComponent("test"), to: folder.appendingPathComponent("pred"))
      #expect(
        try LabelledImages.open(folder.path, for: .evaluation).evaluationPart().name == "training")
    }
  }

  @Test("Training is refused without a training part or a second class; evaluation is not")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let image = png(flat(9))
      try write(["test/a/1.png": image, "test/b/1.png": image], to: folder)
      let images = try LabelledImages.open(folder.path)
      var error = #expect(throws: DatasetError.self) { try images.trainingPart() }
      #expect(error?.expected == "a training part")
      #expect(try images.evaluationPart().name == "test")
      let named = try LabelledImages.open(folder.path, split: "test")
      #expect(try named.trainingPart().count == 2)

      try write(["one/a/1.png": image, "one/a/2.png": image], to: folder)
      let one = try LabelledImages.open(folder.path + "/one")
      error = #expect(throws: DatasetError.self) { try one.trainingPart() }
      #expect(error?.expected == "images of at least two classes to tell apart")
      #expect(try one.evaluationPart().dataset.count == 2)
    }
  }

  @Test("An empty class is an error in the training part only")
  func emptyClasses() throws {
    try withTemporaryFolder { folder in
      let image = png(flat(9))
      try write(
        [
          "train/a/1.png": image, "train/b/1.png": image, "train/c/Thumbs.db": [],
          "test/a/1.png": image, "test/b/.hidden": [], "train/notes/a.txt": [],
        ], to: folder)
      let images = try LabelledImages.open(folder.path)
      let error = #expect(throws: DatasetError.self) { try images.trainingPart() }
      #expect(error?.place.hasSuffix("train/c") == true)
      #expect(try images.evaluationPart().dataset.count == 1)
    }
  }

  @Test("Images in files say how they were prepared; others the range of their pixels")
  func preparation() throws {
    #expect(try LabelledImages.open("digits").preparation.description == "upright,squash 0...16.0")
    try withTemporaryFolder { folder in
      try write(["a/1.png": png(flat(1)), "b/1.png": png(flat(2))], to: folder)
      let reading = ImageReading(orientation: .asStored, resizing: .crop)
      let images = try LabelledImages.open(folder.path, options: ImageOptions(reading: reading))
      #expect(images.preparation.description == "as-stored,crop 0...255.0")
      #expect(try ImagePreparation("as-stored,crop 0...255.0") == images.preparation)
      #expect(throws: DatasetError.self) {
        try images.check(ImagePreparation(maximumPixel: 16), isKnown: true)
      }
      #expect(throws: Never.self) {
        try images.check(ImagePreparation(maximumPixel: 16), isKnown: false)
      }
    }
    for text in ["", "upright,squash", "upright,squash 1...2", "upside 0...255", "upright 0...nan"]
    {
      #expect(throws: DatasetError.self) { try ImagePreparation(text) }
    }
  }
}

@Suite("ImageFiles")
struct ImageFilesTests {
  @Test("Lists the images of a folder and of those in it, by path")
  func list() throws {
    try withTemporaryFolder { folder in
      try write(
        ["b.png": [], "a/2.JPG": [], "a/1.jpeg": [], "notes.txt": [], ".hidden/x.png": []],
        to: folder)
      let found = try ImageFiles.list(in: folder).map { $0.path.dropFirst(folder.path.count) }
      #expect(found == ["/a/1.jpeg", "/a/2.JPG", "/b.png"])
      // Images in other formats are named where they are decoded.
      try write(["c.gif": []], to: folder)
      #expect(try ImageFiles.list(in: folder).last?.lastPathComponent == "c.gif")
      #expect(throws: DatasetError.self) {
        try ImageFiles.list(in: folder.appendingPathComponent("none"))
      }
    }
  }

  @Test("Decodes what can be decoded, and names the others", arguments: [1, 3])
  func decode(threadCount: Int) throws {
    try withTemporaryFolder { folder in
      try write(
        [
          "0.png": png(flat(50, channels: 1)), "1.png": png(flat(70)), "2.png": [1, 2, 3],
          "3.png": png(flat(90)), "4.png": [],
        ], to: folder)
      let files = (0...4).map { folder.appendingPathComponent("\($0).png") }
      let (images, failures) = try ImageFiles.decode(
        files, shape: [2, 2, 1], threadCount: threadCount)
      #expect(images.shape == [3, 2, 2, 1])
      #expect(images.elements == [50, 50, 50, 50, 70, 70, 70, 70, 90, 90, 90, 90])
      #expect(failures.map(\.index) == [2, 4])
      #expect(
        failures.map { ($0.error as? DatasetError)?.place } == [files[2].path, files[4].path])
      let whole = try ImageFiles.decode(files[0...1], shape: [1, 1, 3], threadCount: threadCount)
      #expect(whole.failures.isEmpty)
      #expect(whole.images.elements == [50, 50, 50, 70, 70, 70])
    }
  }
}
