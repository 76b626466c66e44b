import Foundation
import Testing

/// IDX and CIFAR files through the tool.
@Suite("IDX and CIFAR files")
struct IDXFilesTests {
  /// Images of 6 × 6 whose first rows tell the label, as unsigned bytes; labels of 32 bits.
  private func write(
    _ names: (images: String, labels: String), labels: [Int32], to folder: URL
  ) throws {
    func bytes(_ value: Int32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    let pixels = labels.flatMap { label -> [UInt8] in
      (0..<36).map { (place: Int) -> UInt8 in place / 6 == Int(label) ? 200 : UInt8(place) }
    }
    let count = bytes(Int32(labels.count))
    let images: [UInt8] = [0, 0, 8, 3] + count + bytes(6) + bytes(6) + pixels
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(images).write(to: folder.appendingPathComponent(names.images))
    let labelBytes: [UInt8] = [0, 0, 0x0C, 1] + count + labels.flatMap(bytes)
    try Data(labelBytes).write(to: folder.appendingPathComponent(names.labels))
  }

  private let letters = (
    images: "emnist-letters-train-images-idx3-ubyte",
    labels: "emnist-letters-train-labels-idx1-ubyte"
  )

  @Test("EMNIST's names, two folders down: told, turned, warned of class 0")
  func emnist() throws {
    let folder = try TemporaryFolder()
    try write(
      letters, labels: (0..<40).map { $0 % 4 + 1 },
      to: folder.url.appendingPathComponent("EMNIST/raw"))
    let run = try Tool.run(
      "train", "--data", "EMNIST", "--epochs", "1", "--output", "run", in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.errors
        == "needletail: warning: EMNIST: class 0 has no image: the labels start at 1.\n")
    try #require(run.lines.count > 3)
    #expect(run.lines[0] == "data      EMNIST: 40 images of 6×6×1 in 5 classes")
    #expect(run.lines[1] == "files     IDX files: raw/emnist-letters-train-images-idx3-ubyte")
    #expect(
      run.lines[2] == "files     images are transposed, because EMNIST stores rows as columns")
    let evaluated = try Tool.run(
      "evaluate", "--data", "EMNIST", "--model", "run/model.safetensors", "--json", in: folder.url)
    let object = try #require(try evaluated.objects().first)
    #expect((object["classes"] as? [Any])?.count == 5)
    #expect(evaluated.errors == "")
    // Upright pictures are other pictures.
    let upright = try Tool.run(
      "evaluate", "--data", "EMNIST", "--model", "run/model.safetensors", "--json",
      "--no-transpose", in: folder.url)
    let loss = try #require(try upright.objects().first?["loss"] as? Double)
    #expect(loss != object["loss"] as? Double)
    let wide = try Tool.run(
      "train", "--data", "EMNIST", "--epochs", "1", "--classes", "27", in: folder.url)
    #expect(wide.lines.first?.hasSuffix("in 27 classes") == true)
    #expect(wide.errors.contains("and 15 more have no image, of 27 classes"))
    let narrow = try Tool.run("train", "--data", "EMNIST", "--classes", "4", in: folder.url)
    #expect(narrow.status == 65)
    #expect(narrow.errors.contains("ask for 5 classes"))
  }

  @Test("Several data sets in a folder are named, and one chosen by its name")
  func severalSets() throws {
    let folder = try TemporaryFolder()
    let digits = (
      images: "emnist-digits-train-images-idx3-ubyte",
      labels: "emnist-digits-train-labels-idx1-ubyte"
    )
    try write(letters, labels: [1, 2, 1, 2], to: folder.url)
    try write(digits, labels: [0, 1, 0, 1, 0], to: folder.url)
    let run = try Tool.run("train", "--data", ".", in: folder.url)
    #expect(run.status == 65)
    #expect(
      run.errors.contains(
        "expected the files of one data set, found those of emnist-digits, emnist-letters; name one "
          + "of them: "))
    let one = try Tool.run("train", "--data", "./emnist-digits", "--epochs", "1", in: folder.url)
    #expect(one.status == 0, "\(one.errors)")
    #expect(one.lines.first == "data      ./emnist-digits: 5 images of 6×6×1 in 2 classes")
  }

  @Test("Labels of which no class can come are refused")
  func absurdLabels() throws {
    let folder = try TemporaryFolder()
    for (label, shown) in [(Int32(-1), "-1"), (2_000_000_000, "2000000000")] {
      try write(letters, labels: [0, label], to: folder.url)
      let run = try Tool.shell(
        (Tool.isSanitized ? "" : "ulimit -v 4000000; ")
          + "exec \"$TOOL\" train --data . --epochs 1", in: folder.url)
      #expect(run.status == 65)
      #expect(run.errors.contains("example 1: expected a label from 0 to 16383, found \(shown)"))
    }
  }

  @Test("Images of one class are nothing to train on", arguments: [Int32(0), 3])
  func oneClass(label: Int32) throws {
    let folder = try TemporaryFolder()
    try write(letters, labels: [label, label], to: folder.url)
    let run = try Tool.run("train", "--data", ".", in: folder.url)
    #expect(run.status == 65)
    #expect(
      run.errors.hasSuffix(
        ".: expected images of at least two classes to tell apart, found images of one, \(label); use "
          + "data with more classes.\n"))
  }

  @Test("A model with more classes than the data evaluates them")
  func fewerClasses() throws {
    let folder = try TemporaryFolder()
    let names = (images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte")
    try write(names, labels: (0..<30).map { $0 % 6 }, to: folder.url.appendingPathComponent("all"))
    try write(names, labels: [1, 3], to: folder.url.appendingPathComponent("some"))
    let trained = try Tool.run(
      "train", "--data", "all", "--epochs", "1", "--output", "run", in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    let run = try Tool.run(
      "evaluate", "--data", "some", "--model", "run/model.safetensors", "--json", in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    let classes = try #require(run.objects().first?["classes"] as? [[String: Any]])
    #expect(classes.map { $0["name"] as? String } == ["0", "1", "2", "3", "4", "5"])
    #expect(classes.map { $0["support"] as? Int } == [0, 1, 0, 1, 0, 0])
    // The other way round a class is missing.
    try write(names, labels: [0, 6], to: folder.url.appendingPathComponent("more"))
    let more = try Tool.run(
      "evaluate", "--data", "more", "--model", "run/model.safetensors", in: folder.url)
    #expect(more.status == 65)
    #expect(more.errors.contains("expected one of the classes 0, 1, 2, 3, 4, 5, found the class 6"))
  }

  @Test("CIFAR-100 has fine and coarse labels; its Python version is refused")
  func cifar100() throws {
    let folder = try TemporaryFolder()
    let inner = folder.url.appendingPathComponent("cifar-100-binary")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    let record = [UInt8](repeating: 9, count: 3072)
    try Data([4, 1] + record + [1, 2] + record).write(to: inner.appendingPathComponent("test.bin"))
    func classes(_ options: String...) throws -> (Tool.Run, Int?) {
      let run = try Tool.shell(
        "exec \"$TOOL\" train --data . --split test --model mlp --epochs 1 --json "
          + options.joined(separator: " "), in: folder.url)
      return (run, try run.objects().first?["classes"] as? Int)
    }
    #expect(try classes().1 == 100)
    #expect(try classes("--cifar-labels", "coarse").1 == 20)
    let misplaced = try Tool.run("train", "--data", "digits", "--cifar-labels", "fine")
    #expect(misplaced.status == 65)
    let python = folder.url.appendingPathComponent("python")
    try FileManager.default.createDirectory(at: python, withIntermediateDirectories: true)
    for name in ["meta", "train", "test"] {
      try Data([0x80]).write(to: python.appendingPathComponent(name))
    }
    let refused = try Tool.run("train", "--data", "python", in: folder.url)
    #expect(refused.status == 65)
    #expect(
      refused.errors.contains("fetch cifar-100-binary.tar.gz from the same page and unpack it"))
  }
}
