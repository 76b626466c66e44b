import Datasets
import Foundation
import Images
import Tensors
import Testing

@Suite struct DataFolderTests {
  /// IDX files of two grey images of 1 × 2.
  static let mnist: [String: [UInt8]] = [
    "train-images-idx3-ubyte": [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4],
    "train-labels-idx1-ubyte": [0, 0, 8, 1, 0, 0, 0, 2, 7, 8],
    "t10k-images-idx3-ubyte": [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6],
    "t10k-labels-idx1-ubyte": [0, 0, 8, 1, 0, 0, 0, 1, 9],
  ]

  @Test func filesOfMNIST() throws {
    try withTemporaryFolder { folder in
      try write(Self.mnist, to: folder)
      let data = try DataFolder.open(folder)
      #expect(data.format == .idx)
      #expect(data.training?.count == 2)
      #expect(data.test?.labels == [9])
      #expect(data.validation == nil)
      let test = try DataFolder.open(folder, split: "test")
      #expect(test.parts.keys.map(\.rawValue) == ["test"])
      #expect(throws: DatasetError.self) { try DataFolder.open(folder, split: "val") }
      #expect(throws: Never.self) {
        try DataFolder.open(folder, imageSize: (height: 1, width: 2), channels: 1)
      }
      #expect(throws: DatasetError.self) {
        try DataFolder.open(folder, imageSize: (height: 2, width: 2))
      }
      #expect(throws: DatasetError.self) { try DataFolder.open(folder, channels: 3) }
    }
  }

  @Test func filesOfCIFAR10() throws {
    try withTemporaryFolder { folder in
      try write(["test_batch.bin": [3] + [UInt8](repeating: 5, count: 3072)], to: folder)
      let data = try DataFolder.open(folder)
      #expect(data.format == .cifar)
      #expect(data.training == nil)
      #expect(data.test?.labels == [3])
      #expect(throws: DatasetError.self) { try DataFolder.open(folder, split: "train") }
    }
  }

  @Test(arguments: [("train", "val", "test"), ("Training", "validation", "testing")])
  func foldersOfParts(names: (String, String, String)) throws {
    try withTemporaryFolder { folder in
      try write(
        [
          "\(names.0)/a/1.png": png(flat(1, width: 5, height: 4)),
          "\(names.0)/b/1.png": png(flat(2)),
          "\(names.0)/c/1.png": png(flat(3)), "\(names.1)/b/1.png": png(flat(4)),
          "\(names.2)/c/1.png": png(flat(5)), "\(names.2)/a/1.png": png(flat(6)),
          "docs/x/y.txt": [1],
        ], to: folder)
      let data = try DataFolder.open(folder)
      #expect(data.format == .images)
      #expect(data.isCut)
      #expect(data.training?.labels == [0, 1, 2])
      #expect(data.validation?.labels == [1])
      #expect(data.test?.labels == [0, 2])
      // Two sizes of three images have one size: that of most.
      #expect(data.test?.fields[0].exampleShape == [4, 4, 3])
      let test = try DataFolder.open(folder, split: "test")
      #expect(test.parts.count == 1)
      #expect(test.test?.labels == [0, 2])
      #expect(test.test?.classNames == ["a", "b", "c"])
      #expect(test.test?.fields[0].exampleShape == [4, 4, 3])
      try write(["\(names.2)/d/1.png": png(flat(1))], to: folder)
      #expect(throws: DatasetError.self) { try DataFolder.open(folder) }
    }
  }

  @Test func partsThatAreMissingOrDouble() throws {
    try withTemporaryFolder { folder in
      try write(["train/a/1.png": png(flat(1))], to: folder)
      let error = #expect(throws: DatasetError.self) { try DataFolder.open(folder, split: "test") }
      #expect(error?.found == "training")
      #expect(throws: DatasetError.self) { try DataFolder.open(folder, split: "holdout") }
      try write(["training/a/1.png": png(flat(1))], to: folder)
      #expect(throws: DatasetError.self) { try DataFolder.open(folder) }
    }
  }

  @Test func aFolderOfClasses() throws {
    try withTemporaryFolder { folder in
      // Classes may be named like parts.
      try write(["train/1.png": png(flat(1)), "car/1.png": png(flat(2))], to: folder)
      let data = try DataFolder.open(folder, imageSize: (height: 2, width: 2), channels: 1)
      #expect(data.format == .images)
      #expect(!data.isCut)
      #expect(data.training?.classNames == ["car", "train"])
      #expect(data.training?.fields[0].exampleShape == [2, 2, 1])
      #expect(throws: DatasetError.self) { try DataFolder.open(folder, split: "train") }
    }
  }

  @Test func thePurposeDecidesWhichPartsAreOpened() throws {
    try withTemporaryFolder { folder in
      for part in ["train", "val", "test"] {
        try write(["\(part)/a/1.png": png(flat(1)), "\(part)/b/1.png": png(flat(2))], to: folder)
      }
      // Nobody looks at a part that is not used.
      try write(["train/a/bad.png": [1]], to: folder)
      let test = try DataFolder.open(folder, for: .evaluation, imageSize: (4, 4), channels: 3)
      #expect(test.parts.keys.map(\.rawValue) == ["test"])
      let validation = try DataFolder.open(
        folder, for: .validation, imageSize: (4, 4), channels: 3)
      #expect(validation.parts.keys.map(\.rawValue) == ["validation"])
      #expect(throws: ImageProblems.self) { try DataFolder.open(folder) }
      var options = ImageOptions()
      options.skipsBadFiles = true
      #expect(try DataFolder.open(folder, options: options).parts.count == 3)
    }
  }

  @Test func nothingKnown() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: DatasetError.self) { try DataFolder.open(folder) }
      for word in [
        "train-images-idx3-ubyte", "data_batch_1.bin", "validation", "one folder a class",
      ] {
        #expect(error?.expected.contains(word) == true)
      }
      #expect(throws: DatasetError.self) {
        try DataFolder.open(folder.appendingPathComponent("none"))
      }
    }
  }
}
