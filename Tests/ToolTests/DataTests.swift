import Foundation
import Testing

/// What every command tells of a folder: `data` without training, the others before they use it.
@Suite("What is told of data")
struct DataTests {
  /// A JPEG file of 8×12 pixels in colour, with seven stray bytes before its end.
  private static let stray =
    Data(
      base64Encoded: """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4
        UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj
        Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAIAAwDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAY
        EAACAwAAAAAAAAAAAAAAAAAAFmWj4v/EABQBAQAAAAAAAAAAAAAAAAAAAAD/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oA
        DAMBAAIRAxEAPwCZ2j7sh2j7sgAfAAAAAAAAAP/Z
        """.filter { !$0.isWhitespace }) ?? Data()
  private static let damaged = Data(base64Encoded: SmallImages.damaged) ?? Data()

  private func write(_ data: Data, _ name: String, to folder: URL) throws {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  /// Parts, odd and damaged images, images without labels, another file.
  private func mixed(in scratch: TemporaryFolder) throws -> URL {
    let folder = scratch.url.appendingPathComponent("mixed")
    try PictureFolder.write(["a"], count: 4, to: folder.appendingPathComponent("train"))
    try PictureFolder.write(["b"], count: 1, to: folder.appendingPathComponent("train"))
    try write(Self.stray, "train/a/9.jpg", to: folder)
    try write(Self.stray, "train/b/9.jpg", to: folder)
    try write(PictureFolder.png(0, 1), "test/1.png", to: folder)
    try write(Self.damaged, "test/2.png", to: folder)
    try write(Data(), "notes.txt", to: folder)
    return folder
  }

  @Test("data measures everything, the images without labels, too")
  func measures() throws {
    let scratch = try TemporaryFolder()
    let folder = try mixed(in: scratch)
    let object = try Tool.run("data", folder.path, "--json").objects()[0]
    #expect(object["layout"] as? String == "folders")
    #expect(object["classes"] as? [String] == ["a", "b"])
    #expect(
      object["sizes"] as? [[String: Int]] == [
        ["height": 16, "width": 16, "count": 5], ["height": 8, "width": 12, "count": 2],
      ])
    #expect(object["grey"] as? Int == 5)
    #expect(object["formats"] as? [String: Int] == ["PNG": 5, "JPEG": 2])
    #expect(object["odd"] as? [String: Int] == ["stray-bytes": 2])
    #expect(object["imbalance"] as? Double == 2.5)
    #expect(object["input_shape"] as? [Int] == [16, 16, 3])
    let leftOut = try #require(object["left_out"] as? [[String: Any]])
    #expect(leftOut.map { $0["count"] as? Int } == [1])
    #expect(leftOut.first?["reason"] as? String == "file ending in .txt")
    #expect(leftOut.first?["example"] as? String == "notes.txt")
    let unlabelled = try #require(object["unlabelled"] as? [[String: Any]])
    #expect(unlabelled.map { $0["folder"] as? String } == ["test"])
    #expect(unlabelled.map { $0["count"] as? Int } == [2])
    // Only decoding finds it, and nobody learns from it.
    let damaged = try #require(object["damaged"] as? [[String: Any]])
    #expect(damaged.count == 1)
    #expect((damaged.first?["file"] as? String)?.hasSuffix("test/2.png") == true)
    #expect(object["refusal"] is NSNull)
    #expect(object["network"] as? String == "cifar-cnn")

    let text = try Tool.run("data", folder.path).output
    for line in [
      "layout    a folder a class, in the part train\n",
      "images    8×12 to 16×16 (2 sizes), 5 of 7 grey, PNG and JPEG; resized to 16×16 (squash) in "
        + "colour\n",
      "left out  1 file ending in .txt (notes.txt); 2 images without labels in test, which predict "
        + "takes\n",
      "odd       2 images with stray bytes between the parts of the file or behind its end, which are "
        + "passed over\n",
      "balance   the largest class has 2.5 times the images of the smallest\n",
      "train     would learn from 7 images of 16×16×3 with cifar-cnn, without a validation part, without "
        + "a test part\n",
    ] { #expect(text.contains(line), "\(line) in \(text)") }
    // A part with labels is in the way of a training.
    try write(Self.damaged, "train/a/x.png", to: folder)
    let refused = try Tool.run("data", folder.path, "--json").objects()[0]
    #expect((refused["damaged"] as? [Any])?.count == 2)
    #expect((refused["refusal"] as? String)?.hasPrefix("1 image cannot be read: mend") == true)
    #expect(refused["network"] is NSNull)
  }

  @Test("Odd images are warned of once; predict takes those without labels")
  func odd() throws {
    let scratch = try TemporaryFolder()
    let folder = try mixed(in: scratch)
    let warning =
      "needletail: warning: 2 images with stray bytes between the parts of the file or behind its "
      + "end, which are passed over.\n"
    let run = try Tool.run(
      "train", "--data", folder.path, "--model", "mlp", "--epochs", "3", "--output",
      scratch.path("run"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors == warning)
    #expect(run.output.contains("2 images without labels in test, which predict takes"))
    let model = scratch.path("run/model.safetensors")
    let evaluated = try Tool.run(
      "evaluate", "--model", model, "--data", folder.path, "--split", "training", "--json")
    #expect(evaluated.errors == warning)
    #expect(try evaluated.objects().first?["examples"] as? Int == 7)
    let refused = try Tool.run("evaluate", "--model", model, "--data", folder.path)
    #expect(refused.status == 65)
    #expect(refused.errors.contains("found 2 images without labels in test;"))
    let predicted = try Tool.run("predict", "--model", model, folder.path + "/test")
    #expect(predicted.status == 65)
    #expect(try predicted.objects().map { $0["error"] == nil } == [true, false])
    let skipping = try Tool.run("predict", "--skip-bad", "--model", model, folder.path + "/test")
    #expect(skipping.status == 0)
    #expect(try skipping.objects().count == 1)
    #expect(skipping.errors == "needletail: warning: 1 image left out that cannot be read.\n")
  }

  @Test("A folder that is refused is refused by all commands in the same words")
  func agreement() throws {
    let scratch = try TemporaryFolder()
    let good = scratch.url.appendingPathComponent("good")
    try PictureFolder.write(["bus", "train"], to: good)
    let trained = try Tool.run(
      "train", "--data", good.path, "--model", "mlp", "--epochs", "1", "--output",
      scratch.path("run"))
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(
      trained.output.contains(
        "layout    a folder a class; train taken for a class, like the folders beside it\n"))
    let model = scratch.path("run/model.safetensors")
    for (name, classes, found) in [
      ("level", ["x/cat", "x/dog", "y/cat", "y/dog"], "x, y, which all hold the folders cat, dog"),
      ("twice", ["train/a", "train/b", "training/a", "training/b"], "train and training"),
      ("mixed", ["bus", "car", "train/a", "train/b"], "train, named for parts, beside bus, car"),
    ] {
      let folder = scratch.url.appendingPathComponent(name)
      try PictureFolder.write(classes, count: 1, to: folder)
      let refusal = try #require(
        try Tool.run("data", folder.path, "--json").objects()[0]["refusal"] as? String)
      #expect(refusal.contains("found \(found);"), "\(refusal)")
      for command in [["train", "--epochs", "1"], ["evaluate", "--model", model]] {
        let run = try Tool.run(arguments: command + ["--data", folder.path])
        #expect(run.status == 65)
        #expect(run.errors == "needletail: \(refusal)\n")
      }
    }
  }

  @Test("One class and any single part are enough to evaluate, and not to train on")
  func onePart() throws {
    let scratch = try TemporaryFolder()
    let all = scratch.url.appendingPathComponent("all")
    try PictureFolder.write(to: all)
    let trained = try Tool.run(
      "train", "--data", all.path, "--model", "mlp", "--epochs", "1", "--output",
      scratch.path("run"))
    #expect(trained.status == 0, "\(trained.errors)")
    for (path, split) in [
      ("one/fox", nil), ("train/train/fox", "training"), ("dev/dev/fox", "validation"),
    ]
      as [(String, String?)]
    {
      let folder = scratch.url.appendingPathComponent(path)
      try PictureFolder.write(
        [folder.lastPathComponent], count: 5, to: folder.deletingLastPathComponent())
      let top = scratch.path(String(path.prefix { $0 != "/" }))
      let run = try Tool.run(
        "evaluate", "--model", scratch.path("run/model.safetensors"), "--data", top, "--json")
      #expect(run.status == 0, "\(run.errors)")
      let object = try #require(try run.objects().first)
      #expect(object["split"] as? String == split)
      let classes = try #require(object["classes"] as? [[String: Any]])
      #expect(classes.map { $0["support"] as? Int } == [0, 0, 5])
      #expect(try Tool.run("train", "--data", top).status == 65)
    }
  }

  @Test("Images with several labels are nothing for train")
  func severalLabels() throws {
    let scratch = try TemporaryFolder()
    try PictureFolder.write(["."], count: 3, to: scratch.url)
    let list = "file,sea,sun\n0.png,1,1\n1.png,0,1\n2.png,1,0\n"
    try write(Data(list.utf8), "list/labels.csv", to: scratch.url)
    let run = try Tool.run(
      "train", "--data", scratch.url.path, "--labels", scratch.path("list/labels.csv"))
    #expect(run.status == 65)
    #expect(run.errors.contains("expected one label for each image"), "\(run.errors)")
  }

  @Test("Images to validate with are told like those to learn from")
  func validation() throws {
    let scratch = try TemporaryFolder()
    try PictureFolder.write(["a", "b"], to: scratch.url.appendingPathComponent("images"))
    try PictureFolder.write(["a", "b"], count: 2, to: scratch.url.appendingPathComponent("other"))
    try write(Data(), "other/notes.txt", to: scratch.url)
    let run = try Tool.run(
      "train", "--data", "images", "--validation", "other", "--model", "mlp", "--epochs", "1",
      in: scratch.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.lines.first == "data      images: 16 images of 16×16×1 in 2 classes, 4 to validate")
    #expect(run.lines.contains("valid.    1 file ending in .txt (notes.txt)"), "\(run.output)")
  }

  @Test("Images are brought to the size of a preset or of a network file that says it")
  func sizes() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.url.appendingPathComponent("large")
    for (label, name) in ["a", "b"].enumerated() {
      for number in 0..<2 {
        try write(PictureFolder.png(label, number, side: 100), "\(name)/\(number).png", to: folder)
      }
    }
    let network = "input: [12, 20, 1]\nlayers: [Flatten, {Dense: classes}]\n"
    try write(Data(network.utf8), "net.yaml", to: scratch.url)
    for (options, shape) in [
      ([], "64×64×1"), (["--model", "lenet5"], "28×28×1"),
      (["--model", scratch.path("net.yaml")], "12×20×1"),
      (["--model", "lenet5", "--input", "32x32x1"], "32×32×1"),
    ] {
      let run = try Tool.run(
        arguments: ["train", "--data", folder.path, "--epochs", "1"] + options)
      #expect(run.status == 0, "\(run.errors)")
      #expect(
        run.lines.first?.contains("4 images of \(shape) in 2 classes") == true, "\(run.lines)")
    }
  }

  @Test("What a training did to images, its validation, evaluate and predict do")
  func preparation() throws {
    let scratch = try TemporaryFolder()
    try PictureFolder.write(["a", "b", "c", "d"], to: scratch.url.appendingPathComponent("images"))
    let trained = try Tool.run(
      "train", "--data", "images", "--validation", "images", "--resize", "crop", "--input",
      "16x6x1", "--orientation", "as-stored", "--model", "mlp", "--epochs", "2", "--json",
      "--output", "run", in: scratch.url)
    #expect(trained.status == 0, "\(trained.errors)")
    let epoch = try #require(try trained.objects().last { $0["event"] as? String == "epoch" })
    let loss = try #require(epoch["validation_loss"] as? Double)
    let model = scratch.path("run/model.safetensors")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: model))
    #expect(bytes.range(of: Data("as-stored,crop 0...255.0".utf8)) != nil)
    let evaluated = try Tool.run(
      "evaluate", "--model", model, "--data", "images", "--json", in: scratch.url)
    let evaluatedLoss = try #require(try evaluated.objects().first?["loss"] as? Double)
    #expect(abs(evaluatedLoss - loss) < 1e-6)
    let predictions = try Tool.run("predict", "--model", model, "images", in: scratch.url).objects()
    #expect(predictions.count == 32)
    let losses = try predictions.map { prediction in
      let source = try #require(prediction["source"] as? String)
      let label = try #require(["a", "b", "c", "d"].firstIndex { source.contains("/\($0)/") })
      let probabilities = try #require(prediction["probabilities"] as? [Double])
      return -log(probabilities[label])
    }
    #expect(abs(losses.reduce(0, +) / 32 - loss) < 1e-4)
  }

  @Test("Files of IDX that are left out are told by data, train and evaluate")
  func warnings() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.url.appendingPathComponent("mnist")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try MNISTLikeFiles.write(to: folder, training: 20, test: 10)
    try FileManager.default.removeItem(at: folder.appendingPathComponent("t10k-labels-idx1-ubyte"))
    let warning = "is left out: there are no labels for these images"
    let object = try Tool.run("data", folder.path, "--json").objects()[0]
    #expect((object["warnings"] as? [String])?.contains { $0.hasSuffix(warning) } == true)
    #expect((object["notes"] as? [String])?.first?.hasPrefix("IDX files: train-images") == true)
    let run = try Tool.run(
      "train", "--data", folder.path, "--model", "mlp", "--epochs", "1", "--output",
      scratch.path("run"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains(warning + ".\n"))
    let evaluated = try Tool.run(
      "evaluate", "--model", scratch.path("run/model.safetensors"), "--data", folder.path)
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    #expect(evaluated.errors.contains(warning + ".\n"))
  }
}
