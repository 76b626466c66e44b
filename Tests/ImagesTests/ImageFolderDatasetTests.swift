import Datasets
import Dispatch
import Foundation
import Images
import Tensors
import Testing
import Threads

@Suite struct ImageFolderDatasetTests {
  /// The first number of every example, and the labels.
  func contents(of dataset: some Dataset) throws -> (values: [Float], labels: [Int32]) {
    let batch = try Batch(allOf: dataset)
    let size = dataset.fields[0].exampleShape.count
    return (
      (0..<batch.count).map { batch.floats(0)[$0 * size] },
      (0..<batch.count).map { batch.integers(1)[$0] }
    )
  }

  @Test(arguments: [0, 512 << 20], [1, 3]) func foldersAreClasses(cacheLimit: Int, threads: Int)
    throws
  {
    try withTemporaryFolder { folder in
      try write(
        [
          "dog/b.png": png(flat(40)), "dog/a.PNG": png(flat(30)), "cat/z.png": png(flat(20)),
          "cat/inner/a.jpeg": jpeg(flat(10)), "cat/.hidden.png": [1], "cat/notes.txt": [1],
          "cat/Thumbs.db": [1], "README.md": [1], ".git/x/y.png": [1],
        ], to: folder)
      let dataset = try ImageFolderDataset(
        contentsOf: folder,
        options: ImageOptions(cacheLimit: cacheLimit, threadCount: threads))
      #expect(dataset.classNames == ["cat", "dog"])
      #expect(dataset.count == 4)
      #expect(dataset.imageShape == [4, 4, 3])
      #expect(dataset.isCached == (cacheLimit > 0))
      for _ in 0..<3 {
        let (values, labels) = try contents(of: dataset)
        #expect(values == [10, 20, 30, 40])
        #expect(labels == [0, 0, 1, 1])
      }
      #expect(dataset.labels == [0, 0, 1, 1])
      #expect(dataset.url(at: 2).path.hasSuffix("dog/a.PNG"))
    }
  }

  @Test func numbersAreSortedAsNumbers() throws {
    try withTemporaryFolder { folder in
      for name in ["10", "9", "0", "2"] {
        try write(["\(name)/a.png": png(flat(UInt8(name) ?? 99))], to: folder)
      }
      let dataset = try ImageFolderDataset(contentsOf: folder)
      #expect(dataset.classNames == ["0", "2", "9", "10"])
      #expect(try contents(of: dataset).values == [0, 2, 9, 10])
      try write(["a/a.png": png(flat(5))], to: folder)
      #expect(try ImageFolderDataset(contentsOf: folder).classNames == ["0", "10", "2", "9", "a"])
    }
  }

  @Test func imagesAreResizedAndConverted() throws {
    try withTemporaryFolder { folder in
      try write(
        [
          "a/1.png": png(gradient(width: 6, height: 4, channels: 1)),
          "a/2.png": png(flat(50, width: 3, height: 9, channels: 3)),
          "b/3.jpg": jpeg(flat(70, width: 12, height: 12, channels: 3)),
          "b/4.jpg": jpeg(flat(90, width: 6, height: 4, channels: 1)),
        ], to: folder)
      let asMost = try ImageFolderDataset(contentsOf: folder)
      #expect(asMost.imageShape == [4, 6, 3])
      let asFirst = try ImageFolderDataset(contentsOf: folder, channels: 1)
      #expect(try contents(of: asFirst).values.dropFirst() == [50, 70, 90])
      let sized = try ImageFolderDataset(
        contentsOf: folder, size: (height: 2, width: 5), channels: 3)
      #expect(sized.imageShape == [2, 5, 3])
      #expect(try contents(of: sized).values.dropFirst() == [50, 70, 90])
      let batch = try Batch(allOf: asFirst)
      let first = gradient(width: 6, height: 4, channels: 1)
      #expect((0..<24).map { UInt8(batch.floats(0)[$0]) } == first.pixels)
      for size in [
        (height: 0, width: 5), (height: 1 << 40, width: 1), (height: 60_000, width: 60_000),
      ] {
        #expect(throws: DatasetError.self) {
          try ImageFolderDataset(contentsOf: folder, size: size)
        }
      }
      #expect(throws: DatasetError.self) { try ImageFolderDataset(contentsOf: folder, channels: 2) }
    }
  }

  @Test func knownClassesKeepTheirLabels() throws {
    try withTemporaryFolder { folder in
      try write(["c/1.png": png(flat(1)), "a/2.png": png(flat(2))], to: folder)
      let dataset = try ImageFolderDataset(contentsOf: folder, classNames: ["a", "b", "c"])
      #expect(dataset.labels == [0, 2])
      #expect(dataset.classNames == ["a", "b", "c"])
      let error = #expect(throws: DatasetError.self) {
        try ImageFolderDataset(contentsOf: folder, classNames: ["a", "b"])
      }
      #expect(error?.place.hasSuffix("/c") == true)
    }
  }

  @Test func foldersWithoutImagesAreErrors() throws {
    try withTemporaryFolder { folder in
      #expect(throws: DatasetError.self) {
        try ImageFolderDataset(contentsOf: folder.appendingPathComponent("none"))
      }
      #expect(throws: DatasetError.self) { try ImageFolderDataset(contentsOf: folder) }
      try write(["a/1.png": png(flat(1)), "b/.hidden": [1]], to: folder)
      let error = #expect(throws: DatasetError.self) {
        try ImageFolderDataset(contentsOf: folder)
      }
      #expect(error?.place.hasSuffix("/b") == true)
    }
  }

  @Test func aFolderInsideOfItselfIsAnError() throws {
    try withTemporaryFolder { folder in
      try write(["a/1.png": png(flat(1))], to: folder)
      let inner = folder.appendingPathComponent("a/loop").path
      try FileManager.default.createSymbolicLink(
        atPath: inner, withDestinationPath: folder.appendingPathComponent("a").path)
      let error = #expect(throws: DatasetError.self) { try ImageFolderDataset(contentsOf: folder) }
      #expect(error?.kind == .malformed)
    }
  }

  /// Thirty folders that each hold two links to the next: 2³⁰ ways to the last.
  @Test func manyWaysToAFolderAreAnError() throws {
    try withTemporaryFolder { folder in
      try write(["a/1.png": png(flat(1))], to: folder)
      let manager = FileManager.default
      let other = folder.appendingPathComponent("a/.steps").path
      for step in 0..<30 {
        let path = "\(other)/\(step)"
        try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        for name in ["x", "y"] {
          try manager.createSymbolicLink(
            atPath: "\(path)/\(name)", withDestinationPath: "\(other)/\(step + 1)")
        }
      }
      try manager.createDirectory(atPath: "\(other)/30", withIntermediateDirectories: true)
      try manager.createSymbolicLink(
        atPath: folder.path + "/a/start", withDestinationPath: "\(other)/0")
      let error = #expect(throws: DatasetError.self) { try ImageFolderDataset(contentsOf: folder) }
      #expect(error?.expected == "each folder once on the way to an image")
    }
  }

  /// A pipe, a device and a link to nothing that are called images: errors, and no waiting.
  @Test func whatIsNoFileIsNamed() throws {
    for (name, found) in [("pipe", "pipe"), ("device", "device"), ("link", "No such file")] {
      try withTemporaryFolder { folder in
        try write(["a/1.png": png(flat(1))], to: folder)
        let path = folder.appendingPathComponent("a/\(name).png").path
        switch name {
        case "pipe": try #require(mkfifo(path, 0o600) == 0)
        case "device":
          try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: "/dev/zero")
        default:
          try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: folder.path + "/none")
        }
        let problems = #expect(throws: ImageProblems.self) {
          try ImageFolderDataset(contentsOf: folder)
        }
        #expect(problems?.problems.count == 1)
        #expect(problems?.problems[0].place.hasSuffix("a/\(name).png") == true)
        #expect(problems?.problems[0].found.contains(found) == true)
        #expect(throws: DatasetError.self) { try Image(contentsOf: URL(filePath: path)) }
      }
    }
  }

  @Test func namesCannotWriteToTheTerminal() throws {
    try withTemporaryFolder { folder in
      try write(["a\nb/1.png": png(flat(1))], to: folder)
      let error = #expect(throws: DatasetError.self) { try ImageFolderDataset(contentsOf: folder) }
      #expect(error?.description.contains("/a\\u{a}b: expected names of classes") == true)
    }
    try withTemporaryFolder { folder in
      // The name of a file is nobody's but its own.
      try write(["a/1\u{1B}[31m\n.png": [1]], to: folder)
      let error = #expect(throws: ImageProblems.self) { try ImageFolderDataset(contentsOf: folder) }
      #expect(error?.description.contains("1\\u{1b}[31m\\u{a}.png: expected a PNG") == true)
    }
  }

  @Test(arguments: [0, 512 << 20], [1, 4]) func theFirstDamagedImageIsNamed(
    cacheLimit: Int, threads: Int
  ) throws {
    try withTemporaryFolder { folder in
      for index in 10..<40 { try write(["a/\(index).png": png(flat(UInt8(index)))], to: folder) }
      let dataset = try ImageFolderDataset(
        contentsOf: folder,
        options: ImageOptions(cacheLimit: cacheLimit, threadCount: threads))
      try write(["a/25.png": [1, 2], "a/26.png": [], "a/39.png": [3]], to: folder)
      for _ in 0..<10 {
        let error = #expect(throws: DatasetError.self) { try Batch(allOf: dataset) }
        #expect(error?.place.hasSuffix("/a/25.png") == true)
      }
      for index in [25, 26, 39] {
        try write(["a/\(index).png": png(flat(UInt8(index)))], to: folder)
      }
      #expect(try contents(of: dataset).values == (10..<40).map(Float.init))
    }
  }

  @Test func theCacheServesManyAtOnce() throws {
    try withTemporaryFolder { folder in
      for index in 0..<64 {
        try write(["a/\(100 + index).png": png(flat(UInt8(index)))], to: folder)
      }
      let dataset = try ImageFolderDataset(
        contentsOf: folder, options: ImageOptions(threadCount: 2))
      let results = Lock<[[Float]]>([])
      DispatchQueue.concurrentPerform(iterations: 6) { _ in
        do {
          let values = try contents(of: dataset).values
          results.withLock { $0.append(values) }
        } catch {
          Issue.record(error)
        }
      }
      #expect(results.withLock { $0 } == Array(repeating: (0..<64).map(Float.init), count: 6))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("a"))
      #expect(try contents(of: dataset).values == (0..<64).map(Float.init))
    }
  }
}
