import Foundation
import Testing

@Suite("Train")
struct TrainTests {
  @Test("The folder of a run holds model, history and configuration")
  func runFolder() throws {
    let trained = DigitsModel.trained
    #expect(trained.status == 0, "\(trained.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: trained.folder.path)
    #expect(
      names.sorted() == [
        ".lock", "checkpoints", "configuration.json", "history.jsonl", "model.safetensors",
      ])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: trained.folder.path + "/checkpoints")
        .sorted() == [".lock", "step-000000041.safetensors"])

    let history = try String(
      contentsOf: trained.folder.appendingPathComponent("history.jsonl"), encoding: .utf8)
    let lines = history.split(separator: "\n")
    #expect(lines.count == 1)
    let epoch = try #require(
      JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(
      Set(epoch.keys) == [
        "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds",
        "images_per_second",
      ])
    #expect(epoch["epoch"] as? Int == 1)

    let configuration = try #require(
      JSONSerialization.jsonObject(
        with: Data(contentsOf: trained.folder.appendingPathComponent("configuration.json")))
        as? [String: Any])
    #expect(configuration["data"] as? String == "digits")
    #expect(configuration["model"] as? String == "digits-cnn")
    #expect(configuration["optimizer"] as? String == "adam")
    #expect(configuration["learning_rate"] as? Double == 0.001)
    #expect(configuration["batch"] as? Int == 32)
    #expect(configuration["epochs"] as? Int == 1)
    #expect(configuration["seed"] as? Int == 3)
    #expect(configuration["threads"] as? Int == 2)
    #expect(configuration["validation"] as? String == "0.1")
    #expect(configuration["input_shape"] as? [Int] == [8, 8, 1])
    #expect(configuration["training_count"] as? Int == 1298)
    #expect(configuration["validation_count"] as? Int == 144)
    #expect(configuration["checkpoint_every"] as? String == "1epoch")
    #expect(configuration["keep"] as? Int == 2)
    #expect(configuration["on_divergence"] as? String == "stop")
    #expect(configuration["skip_bad"] as? Bool == false)
    #expect(configuration["max_image_pixels"] as? Int == 67_108_864)
    #expect(configuration["without_atomic_writes"] as? Bool == false)
  }

  @Test("Piped output is plain lines: what is used first, then the epochs, then the test")
  func lines() throws {
    let trained = DigitsModel.trained
    let lines = trained.output.split(separator: "\n")
    let heads = ["data ", "network ", "training ", "memory ", "threads ", "output ", "epoch 1/1 "]
    #expect(lines.count == 9)
    for (line, head) in zip(lines, heads + ["test ", "done "]) { #expect(line.hasPrefix(head)) }
    #expect(
      lines[0]
        == "data      digits: 1,298 images of 8×8×1 in 10 classes, 144 to validate, 355 to test")
    #expect(lines[1] == "network   digits-cnn, 43,050 parameters")
    #expect(
      lines[2]
        == "training  1 epoch of 41 steps of 32 images, adam, learning rate 0.001, seed 3")
    #expect(lines[4].hasPrefix("threads   2 threads: asked for"))
    #expect(!trained.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    #expect(!trained.errors.contains("error"))
  }

  @Test("A folder that holds a run is refused and stays as it is")
  func usedFolder() throws {
    let trained = DigitsModel.trained
    let before = try Data(contentsOf: URL(fileURLWithPath: trained.model))
    let run = try Tool.run(
      "train", "--data", "digits", "--epochs", "1", "--output", trained.folder.path)
    #expect(run.status == 73)
    #expect(
      run.errors == """
        needletail: \(trained.folder.path): expected a folder without a run, found \
        model.safetensors; name another folder, or remove this one.

        """)
    #expect(run.output == "")
    #expect(try Data(contentsOf: URL(fileURLWithPath: trained.model)) == before)
  }

  @Test("The same seed gives the same model on other numbers of threads")
  func reproducible() throws {
    let folder = try TemporaryFolder()
    let run = try Tool.run(
      "train", "--data", "digits", "--epochs", "1", "--validation", "0.1", "--batch", "32",
      "--seed", "3", "--threads", "1", "--quiet", "--output", folder.path("deep/run"))
    #expect(run.status == 0)
    #expect(run.lines.count == 1)
    #expect(run.output.hasPrefix("test      loss "))
    #expect(
      try Data(contentsOf: folder.url.appendingPathComponent("deep/run/model.safetensors"))
        == Data(contentsOf: URL(fileURLWithPath: DigitsModel.trained.model)))
  }

  @Test("JSON output is an object a line")
  func json() throws {
    let run = try Tool.run(
      "train", "--data", "digits", "--epochs", "2", "--batch", "512", "--json", "--schedule",
      "cosine", "--warm-up", "0.5", "--optimizer", "nesterov", "--model", "mlp")
    let objects = try run.objects()
    #expect(objects.map { $0["event"] as? String } == ["started", "epoch", "epoch", "ended"])
    #expect(objects[0]["parameters"] as? Int == 301_066)
    let memory = try #require(objects[0]["memory"] as? [String: Int])
    #expect((memory["parameters"] ?? 0) >= 301_066 * 4)
    let parts = ["parameters", "gradients", "optimizer", "activations"].compactMap { memory[$0] }
    #expect(memory["total"] == parts.reduce(0, +))
    #expect(objects[2]["epoch"] as? Int == 2)
    #expect(objects[3]["test_count"] as? Int == 355)
    #expect(objects[3]["test_accuracy"] is Double)
  }

  @Test("Folders of images in the form of MNIST: parts, validation, splits")
  func folders() throws {
    let folder = try TemporaryFolder()
    try MNISTLikeFiles.write(to: folder.url, training: 40, test: 20)
    func train(_ options: String...) throws -> [String: Any] {
      let arguments = ["train", "--data", folder.url.path, "--json", "--epochs", "1"] + options
      let run = try Tool.shell("exec \"$TOOL\" " + arguments.joined(separator: " "))
      #expect(run.status == 0, "\(run.errors)")
      return try #require(run.objects().first)
    }
    let whole = try train()
    #expect(whole["training_count"] as? Int == 40)
    #expect(whole["validation_count"] as? Int == 0)
    #expect(whole["input_shape"] as? [Int] == [6, 6, 1])
    #expect(whole["network"] as? String == "digits-cnn")
    #expect(try train("--split", "test")["training_count"] as? Int == 20)
    #expect(try train("--validation", folder.url.path)["validation_count"] as? Int == 20)
    #expect(try train("--validation", "0.25")["training_count"] as? Int == 30)
  }
}

/// Files in the form of MNIST's: images of 6×6 in ten classes.
enum MNISTLikeFiles {
  static func write(to folder: URL, training: Int, test: Int) throws {
    for (name, count) in [("train", training), ("t10k", test)] {
      func bytes(_ value: Int) -> [UInt8] { [0, 0, UInt8(value >> 8), UInt8(value & 255)] }
      let labels = (0..<count).map { UInt8($0 % 10) }
      let pixels = labels.flatMap { label in (0..<36).map { UInt8(($0 * Int(label)) % 256) } }
      try Data([0, 0, 8, 1] + bytes(count) + labels)
        .write(to: folder.appendingPathComponent("\(name)-labels-idx1-ubyte"))
      try Data([0, 0, 8, 3] + bytes(count) + bytes(6) + bytes(6) + pixels)
        .write(to: folder.appendingPathComponent("\(name)-images-idx3-ubyte"))
    }
  }
}
