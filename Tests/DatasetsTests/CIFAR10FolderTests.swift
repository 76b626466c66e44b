import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct CIFAR10FolderTests {
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
      #expect(!CIFAR10Folder.recognizes(folder))
      try writeFiles(to: folder.appendingPathComponent("cifar-10-batches-bin"))
      #expect(CIFAR10Folder.recognizes(folder))
      let data = try CIFAR10Folder(contentsOf: folder)
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
      let one = try CIFAR10Folder(contentsOf: folder, part: .training)
      #expect(one.test == nil)
      #expect(throws: DatasetError.self) {
        try CIFAR10Folder(contentsOf: folder, part: .validation)
      }
    }
  }

  @Test func namesComeFromTheFolder() throws {
    try withTemporaryFolder { folder in
      try writeFiles(to: folder)
      let meta = folder.appendingPathComponent("batches.meta.txt")
      try write(Array("a\nb\r\nc\nd\ne\nf\ng\nh\ni\nj\n\n".utf8), to: meta)
      let names = try CIFAR10Folder(contentsOf: folder).test?.classNames
      #expect(names == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])
      try write(Array("a\nb\n".utf8), to: meta)
      let error = #expect(throws: DatasetError.self) { try CIFAR10Folder(contentsOf: folder) }
      #expect(error?.found == "2")
      for bytes in [[UInt8](repeating: 0x61, count: 70_000), [0x61, 0xFF]] {
        try write(bytes, to: meta)
        #expect(throws: DatasetError.self) { try CIFAR10Folder(contentsOf: folder) }
      }
      try write([], to: meta)
      #expect(throws: DatasetError.self) { try CIFAR10Folder(contentsOf: folder) }
    }
  }

  @Test func missingFilesAreNamed() throws {
    try withTemporaryFolder { folder in
      #expect(throws: DatasetError.self) { try CIFAR10Folder(contentsOf: folder) }
      try writeFiles(to: folder)
      try FileManager.default.removeItem(at: folder.appendingPathComponent("data_batch_3.bin"))
      let error = #expect(throws: DatasetError.self) { try CIFAR10Folder(contentsOf: folder) }
      #expect(error?.found == "no data_batch_3.bin")
    }
  }
}
