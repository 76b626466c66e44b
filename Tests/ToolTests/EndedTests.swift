import Foundation
import Testing

@Suite("The ended object of train --json")
struct EndedTests {
  private static let train = ["train", "--data", "digits", "--model", "mlp", "--json"]

  /// The last line, and whether it is the only one of its kind.
  private func ended(
    _ run: Tool.Run, _ outcome: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String: Any] {
    let objects = try run.objects()
    #expect(
      objects.filter { $0["event"] as? String == "ended" }.count == 1,
      sourceLocation: sourceLocation)
    let last = try #require(objects.last, sourceLocation: sourceLocation)
    #expect(last["event"] as? String == "ended", sourceLocation: sourceLocation)
    #expect(last["outcome"] as? String == outcome, sourceLocation: sourceLocation)
    #expect(last["exit_code"] as? Int == Int(run.status), sourceLocation: sourceLocation)
    #expect((last["error"] == nil) == (run.status == 0), sourceLocation: sourceLocation)
    return last
  }

  @Test("A finished training")
  func finished() throws {
    let scratch = try TemporaryFolder()
    let run = try Tool.run(
      arguments: Self.train + ["--epochs", "1", "--output", scratch.path("run")])
    let last = try ended(run, "finished")
    #expect(last["model"] as? String == scratch.path("run/model.safetensors"))
    #expect(
      (last["checkpoint"] as? String)?.hasSuffix("run/checkpoints/step-000000023.safetensors")
        == true)
    #expect(last["test_accuracy"] is Double)
  }

  @Test("Wrong arguments, as the parser and as the training finds them")
  func usage() throws {
    for options in [["--bogus"], ["--epochs", "0"], ["--optimizer", "best"]] {
      let run = try Tool.run(arguments: Self.train + options)
      #expect(run.status == 64)
      let last = try ended(run, "failed")
      let text = try #require(last["error"] as? String)
      #expect(run.errors.contains(text), "\(options)")
    }
    // Help is no ending, and other commands have none.
    #expect(try Tool.run(arguments: Self.train + ["--help"]).status == 0)
    #expect(!(try Tool.run(arguments: Self.train + ["--help"]).output.contains("\"ended\"")))
    #expect(try Tool.run("evaluate", "--json", "--bogus").output == "")
    #expect(try Tool.run("train", "--data", "digits", "--bogus").output == "")
  }

  @Test("A training that is refused before its first step")
  func refused() throws {
    let scratch = try TemporaryFolder()
    let missing = try Tool.run("train", "--json", "--data", scratch.path("nothing"))
    #expect(missing.status == 66)
    let text = try #require(try ended(missing, "failed")["error"] as? String)
    #expect(missing.errors == "needletail: \(text)\n")

    let folder = scratch.path("run")
    let first = try Tool.run(arguments: Self.train + ["--epochs", "1", "--output", folder])
    #expect(first.status == 0)
    let used = try Tool.run(arguments: Self.train + ["--epochs", "1", "--output", folder])
    #expect(used.status == 73)
    _ = try ended(used, "failed")
  }

  @Test("A divergence")
  func diverged() throws {
    let scratch = try TemporaryFolder()
    let rates = ["--optimizer", "sgd", "--learning-rate", "1e20", "--epochs", "2"]
    let run = try Tool.run(arguments: Self.train + rates)
    #expect(run.status == 65)
    let text = try #require(try ended(run, "diverged")["error"] as? String)
    #expect(text.contains("the training has diverged"))
    let rolledBack = try Tool.run(
      arguments: Self.train + rates + [
        "--quiet", "--output", scratch.path("run"), "--on-divergence", "rollback",
      ])
    let last = try ended(rolledBack, "diverged")
    let checkpoint = try #require(last["checkpoint"] as? String)
    #expect(checkpoint.hasSuffix("step-000000000.safetensors"))
    #expect(FileManager.default.fileExists(atPath: checkpoint))
  }

  @Test("A signal")
  func interrupted() throws {
    let scratch = try TemporaryFolder()
    let running = try Tool.Running(
      Self.train + ["--epochs", "3000", "--output", scratch.path("run")])
    try running.wait(for: "\"epoch\":2,")
    running.send(SIGTERM)
    let run = try running.end()
    #expect(run.status == 75)
    let last = try ended(run, "interrupted")
    let checkpoint = try #require(last["checkpoint"] as? String)
    #expect(FileManager.default.fileExists(atPath: checkpoint))
    #expect(run.errors.contains(checkpoint))
  }

  @Test("A signal at any moment: one object, which is the last, and tells the exit code")
  func interruptedAtAnyMoment() throws {
    for delay in 0..<12 {
      let scratch = try TemporaryFolder()
      let tool = try Tool.Running(
        Self.train + ["--epochs", "1", "--batch", "256", "--output", scratch.path("run")])
      // The last epoch's line comes shortly before the end.
      try tool.wait(for: "\"event\":\"epoch\"")
      usleep(UInt32(delay * 4000))
      tool.send(SIGTERM)
      let run = try tool.end()
      _ = try ended(run, run.status == 0 ? "finished" : "interrupted")
      #expect(run.status == 0 || run.status == 75, "\(run.errors)")
    }
  }

  @Test("The last object is not cut by a signal, and a second one ends a tool that nobody reads")
  func interruptedWhileTelling() throws {
    let scratch = try TemporaryFolder()
    let run = try Tool.shell(
      """
      mkfifo pipe; exec 3<> pipe
      # A pipe that is full: whatever is written waits.
      head -c 65536 /dev/zero > pipe
      "$TOOL" train --data digits --model mlp --epochs 1 --batch 256 --json --quiet --output run > pipe &
      while [ ! -e run/model.safetensors ]; do sleep 0.05; done
      sleep 1; kill -TERM $!; sleep 0.3
      kill -0 $! && echo waits
      head -c 65536 pipe > /dev/null; wait $!; echo "status $?"
      timeout 1 cat pipe > rest; cat rest
      """, in: scratch.url)
    #expect(run.lines.prefix(2) == ["waits", "status 0"], "\(run.output) \(run.errors)")
    #expect(run.lines.last?.contains("\"outcome\":\"finished\"") == true)
    #expect(run.lines.count == 3)
  }

  @Test("An image that cannot be decoded, with a checkpoint written before")
  func data() throws {
    let scratch = try TemporaryFolder()
    let images = try SmallImages.folder(in: scratch)
    try SmallImages.write(
      SmallImages.damaged, to: images.appendingPathComponent("val/white/0.png"))
    let folder = scratch.path("run")
    let train = [
      "train", "--data", images.path, "--model", "mlp", "--batch", "2", "--epochs", "2",
      "--output", folder,
    ]
    let run = try Tool.run(arguments: train + ["--json"])
    #expect(run.status == 65, "\(run.errors)")
    let last = try ended(run, "failed")
    let checkpoint = try #require(last["checkpoint"] as? String)
    #expect(checkpoint.hasSuffix("step-000000004-extra.safetensors"))
    #expect(FileManager.default.fileExists(atPath: checkpoint))
    #expect(run.errors.contains("val/white/0.png"))
    #expect(
      run.errors.hasSuffix(
        "A checkpoint after 4 steps is in \(checkpoint): mend the cause, and resume the training. Do so "
          + "with --resume, or with --resume-with-changed-data if mending it has changed the data.\n"
      ))

    // The file is replaced: only who says so goes on, from the step that had been made.
    try SmallImages.write(SmallImages.white, to: images.appendingPathComponent("val/white/0.png"))
    let refused = try Tool.run(arguments: train + ["--resume"])
    #expect(refused.status == 64)
    #expect(refused.errors.contains("validation data: as many examples there and here"))
    let resumed = try Tool.run(arguments: train + ["--resume-with-changed-data"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.errors.contains("warning: "))
    #expect(resumed.errors.contains("its bits are no longer those of a training"))
    #expect(resumed.output.contains("epoch 1, 4 of 4 steps done"))
    #expect(resumed.output.contains("\nepoch 2/2"))
  }

  @Test("A test part that cannot be decoded, after the model was written")
  func test() throws {
    let scratch = try TemporaryFolder()
    let images = try SmallImages.folder(in: scratch)
    try SmallImages.write(
      SmallImages.damaged, to: images.appendingPathComponent("test/white/0.png"))
    try SmallImages.write(
      SmallImages.black, to: images.appendingPathComponent("test/black/0.png"))
    let run = try Tool.run(
      "train", "--data", images.path, "--model", "mlp", "--epochs", "1", "--json", "--output",
      scratch.path("run"))
    #expect(run.status == 65, "\(run.errors)")
    let last = try ended(run, "failed")
    let model = try #require(last["model"] as? String)
    #expect(FileManager.default.fileExists(atPath: model))
    #expect(run.errors.hasSuffix("The training is complete, and its model is in \(model).\n"))
  }

  @Test("A model that cannot be written, after the last epoch")
  func save() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.path("run")
    // A folder in the place of the file: --resume takes a run folder that has no checkpoint yet.
    try FileManager.default.createDirectory(
      atPath: folder + "/model.safetensors", withIntermediateDirectories: true)
    let train = Self.train + ["--epochs", "1", "--output", folder, "--resume"]
    let run = try Tool.run(arguments: train)
    #expect(run.status == 74, "\(run.errors)")
    let last = try ended(run, "failed")
    #expect(last["model"] == nil)
    let checkpoint = try #require(last["checkpoint"] as? String)
    #expect(checkpoint.hasSuffix("step-000000023.safetensors"))
    #expect(
      run.errors.hasSuffix(
        "The training is complete, and its last checkpoint is \(checkpoint): --resume writes the "
          + "model.\n"), "\(run.errors)")
    try FileManager.default.removeItem(atPath: folder + "/model.safetensors")
    let resumed = try Tool.run(arguments: train)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(
      try ended(resumed, "finished")["model"] as? String == folder + "/model.safetensors")
  }
}
