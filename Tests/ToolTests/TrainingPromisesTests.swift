import Foundation
import Testing

/// What a training says of its data and its numbers.
@Suite("Promises of a training")
struct TrainingPromisesTests {
  private func train(_ images: URL, _ scratch: TemporaryFolder, _ more: String...) throws
    -> Tool.Run
  {
    try Tool.run(
      arguments: [
        "train", "--data", images.path, "--model", "mlp", "--batch", "3", "--output",
        scratch.path("run"),
      ] + more)
  }

  @Test("Other pixels under the same names and labels are refused, a touched file is not")
  func otherPixels() throws {
    let scratch = try TemporaryFolder()
    let images = try SmallImages.folder(in: scratch)
    #expect(try train(images, scratch, "--epochs", "1").status == 0)
    let file = images.appendingPathComponent("train/black/2.png")
    try SmallImages.write(SmallImages.black, to: file)
    // As a job that finds its data elsewhere.
    let moved = scratch.url.appendingPathComponent("moved")
    try FileManager.default.moveItem(at: images, to: moved)
    let resumed = try train(moved, scratch, "--epochs", "2", "--resume")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.errors == "")
    try SmallImages.write(
      SmallImages.gray, to: moved.appendingPathComponent("train/black/2.png"))
    let refused = try train(moved, scratch, "--epochs", "3", "--resume")
    #expect(refused.status == 64)
    #expect(
      refused.errors.contains("training data: as many examples there and here, with other content"))
  }

  @Test("After a file was removed, a training goes on where it is asked to")
  func removedFile() throws {
    let scratch = try TemporaryFolder()
    let images = try SmallImages.folder(in: scratch)
    #expect(try train(images, scratch, "--epochs", "2").status == 0)
    for number in 1...2 {
      try FileManager.default.removeItem(
        at: images.appendingPathComponent("train/white/\(number).png"))
    }
    let refused = try train(images, scratch, "--epochs", "3", "--resume")
    #expect(refused.status == 64)
    #expect(refused.errors.contains("--resume-with-changed-data"))
    // Six images in two steps each epoch, no longer eight in three.
    let resumed = try train(images, scratch, "--epochs", "3", "--resume-with-changed-data")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("resume    step-000000004.safetensors: epoch 3, 0 of 2 steps"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path("run/checkpoints"))
        .filter { $0.hasPrefix("step-") }.sorted()
        == ["step-000000004.safetensors", "step-000000006.safetensors"])
    let without = try Tool.run("train", "--data", "digits", "--resume-with-changed-data")
    #expect(without.status == 64)
    #expect(without.errors.contains("--resume-with-changed-data: expected --output"))
  }

  @Test("Losses keep their width, and one thing is not several")
  func texts() throws {
    let scratch = try TemporaryFolder()
    let images = try SmallImages.folder(in: scratch)
    let network = scratch.path("net.yaml")
    try Data("layers: [{Rescale: 1/255}, Flatten, {Dense: classes}]\n".utf8)
      .write(to: URL(fileURLWithPath: network))
    let run = try Tool.run(
      "train", "--data", images.path, "--model", network, "--epochs", "30", "--batch", "8",
      "--learning-rate", "0.5", "--warm-up", "1")
    #expect(run.status == 0, "\(run.errors)")
    let epochs = run.lines.filter { $0.hasPrefix("epoch ") }
    #expect(epochs.count == 30)
    for line in epochs {
      #expect(
        line.wholeMatch(of: /epoch .*  loss (.{6})  accuracy .* validation loss .{6}  .*/) != nil,
        "\(line)")
    }
    #expect(epochs.last?.contains("e-") == true, "\(epochs.last ?? "")")
    #expect(run.output.contains(" of 1 step of 8 images, "))
    #expect(run.output.contains("warm-up of 1 epoch,"))
    #expect(run.output.contains(" in 2 classes,"))
  }

  @Test("A network that normalises batches of one example is warned about")
  func batchesOfOne() throws {
    let scratch = try TemporaryFolder()
    let images = try SmallImages.folder(in: scratch)
    let network = scratch.path("net.yaml")
    try Data("layers: [Flatten, Dense: 4, BatchNorm, Dense: classes]\n".utf8)
      .write(to: URL(fileURLWithPath: network))
    func errors(_ batch: String) throws -> String {
      let run = try Tool.run(
        "train", "--data", images.path, "--model", network, "--epochs", "1", "--batch", batch)
      #expect(run.status == 0, "\(run.errors)")
      return run.errors
    }
    #expect(try errors("1").contains("warning: With batches of 1 example, layer 3 of 4"))
    #expect(try errors("7").contains("warning: The last batch of each epoch has 1 example"))
    #expect(try errors("4") == "")
  }
}
