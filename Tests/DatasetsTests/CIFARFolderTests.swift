import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct CIFARFolderTests {
  func record(label: UInt8, seed: Int) -> [UInt8] {
    [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 1024 &+ seed) }
  }

  func writeFiles(to folder: URL) throws {
    for file in 1...5 {
      try write(
        record(label: UInt8(file), seed: file) + record(label: 0, seed: 0),
        to: folder.appendingPathComponent("data_batch_\(file).bin"))
    }
    try write(record(label: 9, seed: 9), to: folder.appendingPathComponent("test_batch.bin"))
  }

  @Test func planesBecomePixelsOfThreeChannels() throws {
    try withTemporaryFolder { folder in
      #expect(!CIFARFolder.recognizes(folder))
      try writeFiles(to: folder.appendingPathComponent("cifar-10-batches-bin"))
      #expect(CIFARFolder.recognizes(folder))
      let data = try CIFARFolder(contentsOf: folder)
      #expect(data.training?.labels == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0])
      #expect(data.test?.classNames?[9] == "truck")
      let image = try #require(data.test).image(at: 0)
      for pixel in [0, 1, 31, 32, 500, 1023] {
        for channel in 0..<3 {
          let place = channel * 1024 + pixel
          #expect(
            image[3 * pixel + channel]
              == UInt8(truncatingIfNeeded: place &* 7 &+ channel &+ 9))
        }
      }
      let one = try CIFARFolder(contentsOf: folder, part: .training)
      #expect(one.test == nil)
      #expect(throws: DatasetError.self) {
        try CIFARFolder(contentsOf: folder, part: .validation)
      }
    }
  }

  @Test func namesComeFromTheFolder() throws {
    try withTemporaryFolder { folder in
      try writeFiles(to: folder)
      let meta = folder.appendingPathComponent("batches.meta.txt")
      try write(Array("a\nb\r\nc\nd\ne\nf\ng\nh\ni\nj\n\n".utf8), to: meta)
      let names = try CIFARFolder(contentsOf: folder).test?.classNames
      #expect(names == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])
      try write(Array("a\nb\n".utf8), to: meta)
      let error = #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      #expect(error?.found == "2")
      for bytes in [[UInt8](repeating: 0x61, count: 70_000), [0x61, 0xFF]] {
        try write(bytes, to: meta)
        #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      }
      try write([], to: meta)
      #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
    }
  }

  @Test func missingFilesAreNamed() throws {
    try withTemporaryFolder { folder in
      #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      try writeFiles(to: folder)
      try FileManager.default.removeItem(at: folder.appendingPathComponent("data_batch_3.bin"))
      let error = #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      #expect(error?.found == "no data_batch_3.bin")
    }
  }

  /// A record of CIFAR-100: the coarse label, the fine one, the image.
  func record(coarse: UInt8, fine: UInt8) -> [UInt8] {
    [coarse] + record(label: fine, seed: Int(fine))
  }

  func writeCIFAR100(to folder: URL) throws {
    try write(
      record(coarse: 11, fine: 19) + record(coarse: 0, fine: 99),
      to: folder.appendingPathComponent("train.bin"))
    try write(record(coarse: 4, fine: 0), to: folder.appendingPathComponent("test.bin"))
  }

  @Test func bothLabelsOfCIFAR100() throws {
    try withTemporaryFolder { folder in
      let inner = folder.appendingPathComponent("data/cifar-100-binary")
      try writeCIFAR100(to: inner)
      let fine = try CIFARFolder(contentsOf: folder)
      #expect(fine.training?.labels == [19, 99])
      #expect(fine.training?.classNames?.count == 100)
      #expect(fine.training?.classNames?[19] == "cattle")
      #expect(fine.training?.classNames?[99] == "worm")
      #expect(fine.test?.labels == [0])
      #expect(
        fine.notes == ["CIFAR-100's binary version in data/cifar-100-binary, fine labels"])
      #expect(fine.warnings.count == 1)
      let image = try #require(fine.training).image(at: 1)
      #expect(image[3 * 33 + 2] == UInt8(truncatingIfNeeded: (2 * 1024 + 33) * 7 + 2 + 99))
      let coarse = try CIFARFolder(contentsOf: folder, labels: .coarse)
      #expect(coarse.training?.labels == [11, 0])
      #expect(coarse.training?.classNames?.count == 20)
      #expect(coarse.training?.classNames?[11] == "large_omnivores_and_herbivores")
      let one = try CIFARFolder(contentsOf: folder, part: .test, classCount: 100)
      #expect(one.training == nil && one.test?.count == 1)
      #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder, classCount: 10) }
      // Names beside the files come first.
      let names = (0..<20).map { "group \($0)" }
      try write(
        Array(names.joined(separator: "\n").utf8),
        to: inner.appendingPathComponent("coarse_label_names.txt"))
      #expect(
        try CIFARFolder(contentsOf: folder, labels: .coarse).test?.classNames == names)
    }
  }

  @Test func damagedAndOtherFilesOfThatName() throws {
    try withTemporaryFolder { folder in
      // Any program's.
      try write([1, 2, 3], to: folder.appendingPathComponent("train.bin"))
      #expect(!CIFARFolder.recognizes(folder))
      try write(Array("a\n".utf8), to: folder.appendingPathComponent("fine_label_names.txt"))
      let cut = #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      #expect(cut?.kind == .truncated)
      #expect(cut?.expected == "one or more records of 3074 bytes")
      try write(record(coarse: 1, fine: 7), to: folder.appendingPathComponent("train.bin"))
      let label = #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      #expect(label?.place.hasSuffix("train.bin, byte 1") == true)
    }
  }

  @Test(arguments: [
    (["batches.meta", "data_batch_1", "test_batch"], "Python", "cifar-10-binary.tar.gz"),
    (["data_batch_4"], "Python", "cifar-10-binary.tar.gz"),
    (["test_batch"], "Python", "cifar-10-binary.tar.gz"),
    (["meta", "train", "test"], "Python", "cifar-100-binary.tar.gz"),
    (["train", "test"], "Python", "cifar-100-binary.tar.gz"),
    (["batches.meta.mat", "data_batch_1.mat"], "MATLAB", "cifar-10-binary.tar.gz"),
  ])
  func otherVersionsAreNamed(files: [String], version: String, archive: String) throws {
    try withTemporaryFolder { folder in
      for file in files {
        try write([0x80, 2], to: folder.appendingPathComponent("cifar/\(file)"))
      }
      #expect(CIFARFolder.recognizes(folder))
      let error = #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      #expect(error?.kind == .unsupported)
      #expect(error?.found.contains("\(version) version") == true)
      #expect(error?.advice.contains(archive) == true)
      // The binary version beside it is read.
      try writeCIFAR100(to: folder.appendingPathComponent("cifar-100-binary"))
      #expect(try CIFARFolder(contentsOf: folder).test?.count == 1)
    }
  }

  /// Lists of file names, for instance.
  @Test func textsCalledTrainAndTestAreNone() throws {
    try withTemporaryFolder { folder in
      for name in ["train", "test"] {
        try write(Array("cat/1.png\n".utf8), to: folder.appendingPathComponent(name))
      }
      #expect(!CIFARFolder.recognizes(folder))
      try write([0x80, 2], to: folder.appendingPathComponent("train"))
      #expect(CIFARFolder.recognizes(folder))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("test"))
      #expect(!CIFARFolder.recognizes(folder))
    }
  }

  @Test func twoDataSetsAreNamed() throws {
    try withTemporaryFolder { folder in
      try writeCIFAR100(to: folder.appendingPathComponent("cifar-100-binary"))
      try writeFiles(to: folder.appendingPathComponent("cifar-10-batches-bin"))
      let error = #expect(throws: DatasetError.self) { try CIFARFolder(contentsOf: folder) }
      #expect(error?.found == "those of cifar-10-batches-bin, cifar-100-binary")
      let one = folder.appendingPathComponent("cifar-10-batches-bin")
      #expect(try CIFARFolder(contentsOf: one).test?.count == 1)
      let coarse = #expect(throws: DatasetError.self) {
        try CIFARFolder(contentsOf: one, labels: .coarse)
      }
      #expect(coarse?.found == "CIFAR-10, which has one label an image")
    }
  }

  @Test func classesOfANetwork() throws {
    try withTemporaryFolder { folder in
      try write(
        record(label: 3, seed: 0) + record(label: 5, seed: 0),
        to: folder.appendingPathComponent("test_batch.bin"))
      func labels(_ names: [String]) throws -> [Int32]? {
        try CIFARFolder(contentsOf: folder, classNames: names).test?.labels
      }
      // Cats and dogs are all there is.
      #expect(try labels(["dog", "cat"]) == [1, 0])
      #expect(try labels((0..<10).map(String.init)) == [3, 5])
      let error = #expect(throws: DatasetError.self) { try labels(["cat", "fox"]) }
      #expect(error?.found == "the class dog")
    }
  }
}
