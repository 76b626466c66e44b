import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct IDXFolderTests {
  /// Images of 1 × 2, numbered, and their labels.
  func writePair(
    _ images: String, _ labels: String, to folder: URL, labels values: [Int],
    type: IDXFile.ElementType = .unsignedByte
  ) throws {
    let pixels = (0..<values.count * 2).map { UInt8($0) }
    let bytes = values.flatMap { stored($0, as: type) }
    for (name, file) in [
      (images, idx([UInt32(values.count), 1, 2], pixels)),
      (labels, idx([UInt32(values.count)], bytes, type: type.rawValue)),
    ] {
      try write(
        name.hasSuffix(".gz") ? gzip(file) : file, to: folder.appendingPathComponent(name))
    }
  }

  func writeMNIST(to folder: URL, training: [Int] = [0, 1, 2], test: [Int] = [2, 1]) throws {
    for (part, labels) in [("train", training), ("t10k", test)] {
      try writePair(
        "\(part)-images-idx3-ubyte", "\(part)-labels-idx1-ubyte", to: folder, labels: labels)
    }
  }

  struct Names: CustomTestStringConvertible {
    let images: String
    let labels: String
    let part: DataPart
    var type = IDXFile.ElementType.unsignedByte

    var testDescription: String { images }
  }

  static let names = [
    Names(images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte", part: .training),
    Names(images: "t10k-images.idx3-ubyte", labels: "t10k-labels.idx1-ubyte", part: .test),
    Names(
      images: "test-images-idx3-ubyte.gz", labels: "test-labels-idx1-ubyte.gz", part: .test),
    Names(images: "Train-Images.IDX3-UBYTE.GZ", labels: "train-labels-idx1-ubyte", part: .training),
    Names(
      images: "emnist-letters-train-images-idx3-ubyte",
      labels: "emnist-letters-train-labels-idx1-ubyte.gz", part: .training),
    Names(
      images: "qmnist-test-images-idx3-ubyte", labels: "qmnist-test-labels-idx1-int", part: .test,
      type: .int32),
    Names(
      images: "k49-train-imgs-idx3-ubyte", labels: "k49-train-labels-idx1-ubyte", part: .training),
    Names(images: "valid_images_idx3", labels: "valid_labels_idx1", part: .validation),
    Names(images: "trainimages.idx3-ubyte", labels: "trainlabels.idx1-ubyte", part: .training),
    Names(images: "images-idx3-ubyte", labels: "labels-idx1-ubyte", part: .training),
    Names(images: "train-images.idx", labels: "train-labels.idx", part: .training),
  ]

  @Test(arguments: names) func namesOfFiles(_ names: Names) throws {
    try withTemporaryFolder { folder in
      try writePair(names.images, names.labels, to: folder, labels: [0, 1, 4], type: names.type)
      #expect(IDXFolder.recognizes(folder))
      let data = try IDXFolder(contentsOf: folder)
      let parts: [DataPart: ByteImageDataset?] = [
        .training: data.training, .validation: data.validation, .test: data.test,
      ]
      let found = parts.compactMapValues { $0 }
      #expect(Array(found.keys) == [names.part])
      #expect(found[names.part]?.labels == [0, 1, 4])
      #expect(found[names.part]?.classNames == ["0", "1", "2", "3", "4"])
      #expect(data.isCut == (names.images != "images-idx3-ubyte"))
    }
  }

  @Test(arguments: [
    "class_idx.json", "train-images", "images_index.txt", "imagenet-labels-idx.json", "idx3-ubyte",
    ".train-images-idx3-ubyte",
  ])
  func otherFilesAreNone(_ name: String) throws {
    try withTemporaryFolder { folder in
      try write([1, 2, 3], to: folder.appendingPathComponent(name))
      #expect(!IDXFolder.recognizes(folder))
      let error = #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder) }
      #expect(error?.kind == .unreadable)
    }
  }

  @Test func bothPartsAndOneOfThem() throws {
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder, training: [0, 1, 2], test: [9, 1])
      let data = try IDXFolder(contentsOf: folder)
      #expect(data.training?.count == 3)
      #expect(data.training?.imageShape == [1, 2, 1])
      #expect(data.test?.image(at: 1) == [2, 3])
      #expect(data.test?.labels == [9, 1])
      // Both parts have the classes of both.
      #expect(data.training?.classNames == (0...9).map(String.init))
      #expect(data.notes == ["IDX files: train-images-idx3-ubyte, t10k-images-idx3-ubyte"])
      let one = try IDXFolder(contentsOf: folder, part: .test)
      #expect(one.training == nil)
      #expect(one.test?.classNames?.count == 10)
      #expect(one.warnings == [])
      let error = #expect(throws: DatasetError.self) {
        try IDXFolder(contentsOf: folder, part: .validation)
      }
      #expect(error?.found == "the training and test part")
    }
  }

  @Test(arguments: ["raw", "MNIST/raw"]) func foldersDown(_ path: String) throws {
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder.appendingPathComponent(path))
      try write([0], to: folder.appendingPathComponent("readme.txt"))
      let data = try IDXFolder(contentsOf: folder)
      #expect(data.training?.labels == [0, 1, 2])
      #expect(data.notes.first?.contains("\(path)/train-images-idx3-ubyte") == true)
    }
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder.appendingPathComponent("a/b/c"))
      #expect(!IDXFolder.recognizes(folder))
    }
  }

  /// As some archives have them: a folder for each file, or one for each part.
  @Test func foldersNamedForFilesAndParts() throws {
    try withTemporaryFolder { folder in
      try writePair(
        "train-images-idx3-ubyte/train-images-idx3-ubyte",
        "train-labels-idx1-ubyte/train-labels-idx1-ubyte", to: folder, labels: [0, 1])
      let data = try IDXFolder(contentsOf: folder)
      #expect(data.training?.labels == [0, 1])
      // Files beside such folders come first.
      try writePair(
        "train-images.idx3-ubyte", "train-labels.idx1-ubyte", to: folder, labels: [1, 1])
      #expect(try IDXFolder(contentsOf: folder).training?.labels == [1, 1])
    }
    try withTemporaryFolder { folder in
      for (part, labels) in [("train", [0, 1]), ("Test_Set", [1])] {
        try writePair(
          "\(part)/images-idx3-ubyte", "\(part)/labels-idx1-ubyte", to: folder, labels: labels)
      }
      let data = try IDXFolder(contentsOf: folder)
      #expect(data.training?.labels == [0, 1])
      #expect(data.test?.labels == [1])
    }
  }

  @Test func aPackedCopyCountsOnce() throws {
    try withTemporaryFolder { folder in
      try writePair(
        "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", to: folder, labels: [1, 0])
      try writePair(
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", to: folder, labels: [0, 1])
      #expect(try IDXFolder(contentsOf: folder).training?.labels == [0, 1])
      try writePair("train.images.idx3", "train.labels.idx1", to: folder, labels: [1, 1])
      let error = #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder) }
      #expect(error?.expected == "one file of the training images")
      #expect(error?.found.contains("train.images.idx3") == true)
    }
  }

  @Test func severalDataSetsAreNamed() throws {
    try withTemporaryFolder { folder in
      for set in ["emnist-letters", "emnist-digits"] {
        try writePair(
          "\(set)-train-images-idx3-ubyte", "\(set)-train-labels-idx1-ubyte", to: folder,
          labels: set == "emnist-digits" ? [0, 1] : [1, 2])
      }
      let error = #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder) }
      #expect(error?.expected == "the files of one data set")
      #expect(error?.found == "those of emnist-digits, emnist-letters")
      #expect(error?.advice == "name one of them: \(folder.path)/emnist-digits")
      let named = try IDXFolder(contentsOf: folder.appendingPathComponent("EMNIST-letters"))
      #expect(named.training?.labels == [1, 2])
      let byFile = try IDXFolder(
        contentsOf: folder.appendingPathComponent("emnist-digits-train-labels-idx1-ubyte"))
      #expect(byFile.training?.labels == [0, 1])
      #expect(!IDXFolder.recognizes(folder.appendingPathComponent("emnist")))
    }
    try withTemporaryFolder { folder in
      for name in ["KMNIST", "MNIST"] {
        try writeMNIST(to: folder.appendingPathComponent("\(name)/raw"))
      }
      let error = #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder) }
      #expect(error?.found == "those of KMNIST/raw, MNIST/raw")
    }
  }

  @Test func otherPackingsAreRefusedWhereTheyAreAllThereIs() throws {
    try withTemporaryFolder { folder in
      try writePair(
        "train-images-idx3-ubyte.xz", "train-labels-idx1-ubyte.xz", to: folder, labels: [0])
      let error = #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder) }
      #expect(error?.advice == "unpack it")
      // As beside QMNIST's files.
      try writePair(
        "xnist-images-idx3-ubyte.xz", "xnist-labels-idx2-int.xz", to: folder, labels: [0])
      try writePair(
        "qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx1", to: folder, labels: [1])
      #expect(try IDXFolder(contentsOf: folder).training?.labels == [1])
    }
  }

  @Test func classesWithoutImagesAreTold() throws {
    let cases: [([Int], Int?, [String])] = [
      ([1, 2, 3], nil, ["class 0 has no image: the labels start at 1"]),
      ([0, 2, 3], nil, ["class 1 has no image"]),
      ([0, 3], nil, ["classes 1 and 2 have no image, of 4 classes"]),
      ([0, 1], 4, ["classes 2 and 3 have no image, of 4 classes"]),
      ([2, 2], nil, ["classes 0 and 1 have no image, of 3 classes: the labels start at 2"]),
      ([0, 99], nil, ["classes 1, 2, 3, 4, 5, 6, 7, 8 and 90 more have no image, of 100 classes"]),
      ([0, 1, 2], 3, []),
    ]
    for (labels, count, warnings) in cases {
      try withTemporaryFolder { folder in
        try writeMNIST(to: folder, training: labels, test: [labels[0]])
        let data = try IDXFolder(contentsOf: folder, classCount: count)
        #expect(data.warnings == warnings)
        #expect(data.training?.classNames?.count == count ?? labels.max().map { $0 + 1 })
      }
    }
  }

  @Test func anImpossibleNumberOfClasses() throws {
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder, training: [1, 2, 3], test: [3])
      let shifted = #expect(throws: DatasetError.self) {
        try IDXFolder(contentsOf: folder, classCount: 3)
      }
      #expect(shifted?.found == "labels from 1 to 3")
      #expect(shifted?.advice == "ask for 4 classes: class 0 then has no image")
      let fewer = #expect(throws: DatasetError.self) {
        try IDXFolder(contentsOf: folder, classCount: 2)
      }
      #expect(fewer?.expected == "a label from 0 to 1")
      #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder, classCount: 0) }
      #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder, classCount: -4) }
    }
  }

  @Test func classesOfANetwork() throws {
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder, training: [1, 3], test: [3])
      func labels(_ names: [String]) throws -> [Int32]? {
        let data = try IDXFolder(contentsOf: folder, classNames: names)
        #expect(data.training?.classNames == names)
        #expect(data.warnings == [])
        return data.training?.labels
      }
      #expect(try labels((0..<27).map(String.init)) == [1, 3])
      // By name where all are numbers, else by place.
      #expect(try labels(["3", "1"]) == [1, 0])
      #expect(try labels(["01", "02", "03"]) == [0, 2])
      #expect(try labels(["zero", "one", "two", "three"]) == [1, 3])
      for names in [["1", "2"], ["a", "b", "c"], ["only"]] {
        let error = #expect(throws: DatasetError.self) { try labels(names) }
        #expect(error?.expected == "one of the classes " + names.joined(separator: ", "))
      }
    }
  }

  @Test func imagesOfEMNISTAreTurned() throws {
    try withTemporaryFolder { folder in
      try writePair(
        "emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte",
        to: folder, labels: [1])
      let turned = try IDXFolder(contentsOf: folder)
      #expect(turned.training?.imageShape == [2, 1, 1])
      #expect(turned.notes.last == "images are transposed, because EMNIST stores rows as columns")
      let kept = try IDXFolder(contentsOf: folder, transpose: false)
      #expect(kept.training?.imageShape == [1, 2, 1])
      #expect(kept.notes.count == 1)
    }
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder)
      #expect(try IDXFolder(contentsOf: folder).training?.imageShape == [1, 2, 1])
      let asked = try IDXFolder(contentsOf: folder, transpose: true)
      #expect(asked.training?.imageShape == [2, 1, 1])
      #expect(asked.test?.imageShape == [2, 1, 1])
      #expect(asked.notes.last == "images are transposed: rows become columns")
    }
  }

  /// Its relatives store rows as rows.
  @Test(arguments: ["kmnist", "qmnist", "fashion-mnist"])
  func imagesOfOthersAreNotTurned(_ name: String) throws {
    try withTemporaryFolder { folder in
      try writePair(
        "\(name)-train-images-idx3-ubyte", "\(name)-train-labels-idx1-ubyte", to: folder,
        labels: [1])
      let data = try IDXFolder(contentsOf: folder)
      #expect(data.training?.imageShape == [1, 2, 1])
      #expect(data.notes.count == 1)
    }
  }

  @Test func missingAndWrongFilesAreNamed() throws {
    try withTemporaryFolder { folder in
      let images = folder.appendingPathComponent("train-images-idx3-ubyte")
      try write(idx([2, 1, 1], [1, 2]), to: images)
      let missing = #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder) }
      #expect(missing?.place == images.path)
      #expect(missing?.expected.contains("train-labels-idx1-ubyte") == true)
      let labels = folder.appendingPathComponent("train-labels-idx1-ubyte")
      for wrong in [idx([3], [0, 1, 2]), idx([2, 2], [0, 1, 0, 1])] {
        try write(wrong, to: labels)
        let error = #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder) }
        #expect(error?.kind == .mismatched)
      }
      try write(idx([2], [0, 1]), to: labels)
      #expect(try IDXFolder(contentsOf: folder).training?.count == 2)
      // What is not to train on is left out, and told.
      try write(
        idx([2, 1, 1], [1, 2]), to: folder.appendingPathComponent("t10k-images-idx3-ubyte"))
      try write(idx([2], [0, 1]), to: folder.appendingPathComponent("valid-labels-idx1-ubyte"))
      let data = try IDXFolder(contentsOf: folder)
      #expect(data.test == nil)
      #expect(
        data.warnings == [
          "valid-labels-idx1-ubyte is left out: there are no images for these labels",
          "t10k-images-idx3-ubyte is left out: there are no labels for these images",
        ])
      #expect(throws: DatasetError.self) { try IDXFolder(contentsOf: folder, part: .test) }
    }
  }

  /// A test part is not what was asked for.
  @Test func trainingImagesWithoutLabelsAreNotPassedOver() throws {
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder)
      let labels = folder.appendingPathComponent("train-labels-idx1-ubyte")
      try FileManager.default.removeItem(at: labels)
      for part in [nil, DataPart.training] {
        let error = #expect(throws: DatasetError.self) {
          try IDXFolder(contentsOf: folder, part: part)
        }
        #expect(error?.place.hasSuffix("train-images-idx3-ubyte") == true)
      }
      #expect(try IDXFolder(contentsOf: folder, part: .test).test?.labels == [2, 1])
    }
  }

  @Test func linksAreFollowed() throws {
    try withTemporaryFolder { folder in
      try writeMNIST(to: folder.appendingPathComponent("deep/er/still"))
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent("data"),
        withDestinationURL: folder.appendingPathComponent("deep/er/still"))
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent("deep/around"), withDestinationURL: folder)
      #expect(
        try IDXFolder(contentsOf: folder).notes.first?.contains("data/train-images-idx3-ubyte")
          == true)
    }
  }
}
