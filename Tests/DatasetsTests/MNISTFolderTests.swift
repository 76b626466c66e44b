import Datasets
import Foundation
import Tensors
import Testing

@Suite struct MNISTFolderTests {
  func writeParts(to folder: URL, compressed: Bool, dot: Bool = false) throws {
    let separator = dot ? "." : "-"
    for (prefix, count) in [("train", 5), ("t10k", 3)] {
      let images = idx([UInt32(count), 2, 2], (0..<count * 4).map { UInt8($0) })
      let labels = idx([UInt32(count)], (0..<count).map { UInt8($0) })
      for (kind, bytes) in [("images\(separator)idx3", images), ("labels\(separator)idx1", labels)]
      {
        let url = folder.appendingPathComponent(
          "\(prefix)-\(kind)-ubyte" + (compressed ? ".gz" : ""))
        try write(compressed ? gzip(bytes) : bytes, to: url)
      }
    }
  }

  @Test(arguments: [(true, false), (false, false), (false, true)])
  func bothParts(compressed: Bool, dot: Bool) throws {
    try withTemporaryFolder { folder in
      #expect(!MNISTFolder.recognizes(folder))
      try writeParts(to: folder, compressed: compressed, dot: dot)
      #expect(MNISTFolder.recognizes(folder))
      let data = try MNISTFolder(contentsOf: folder)
      #expect(data.training?.count == 5)
      #expect(data.test?.count == 3)
      #expect(data.training?.imageShape == [2, 2, 1])
      #expect(data.test?.image(at: 2) == [8, 9, 10, 11])
      #expect(data.test?.labels == [0, 1, 2])
      #expect(data.test?.classNames == (0...9).map(String.init))
      let one = try MNISTFolder(contentsOf: folder, part: .test)
      #expect(one.training == nil)
      #expect(one.test?.count == 3)
      #expect(throws: DatasetError.self) {
        try MNISTFolder(contentsOf: folder, part: .validation)
      }
    }
  }

  @Test func bothPartsHaveTheSameClasses() throws {
    try withTemporaryFolder { folder in
      try writeParts(to: folder, compressed: true)
      try write(
        idx([3], [1, 26, 2]), to: folder.appendingPathComponent("t10k-labels-idx1-ubyte"))
      let data = try MNISTFolder(contentsOf: folder, part: .training)
      #expect(data.training?.classNames?.count == 27)
    }
  }

  @Test func missingAndWrongFilesAreNamed() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: DatasetError.self) { try MNISTFolder(contentsOf: folder) }
      #expect(error?.expected.contains("train-images-idx3-ubyte") == true)
      let images = folder.appendingPathComponent("train-images-idx3-ubyte")
      try write(idx([2, 1, 1], [1, 2]), to: images)
      #expect(throws: DatasetError.self) { try MNISTFolder(contentsOf: folder) }
      let labels = folder.appendingPathComponent("train-labels-idx1-ubyte")
      for wrong in [idx([3], [0, 1, 2]), idx([2, 1], [0, 1])] {
        try write(wrong, to: labels)
        let error = #expect(throws: DatasetError.self) { try MNISTFolder(contentsOf: folder) }
        #expect(error?.kind == .mismatched)
      }
      try write(idx([2], [0, 1]), to: labels)
      #expect(try MNISTFolder(contentsOf: folder).training?.count == 2)
    }
  }
}
