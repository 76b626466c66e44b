import Foundation
import Testing

/// A training that would go on for very long, and is interrupted.
@Suite("Resume")
struct ResumeTests {
  /// The options of the training; how many epochs it has does not change what an epoch does.
  private static let options = [
    "train", "--data", "digits", "--validation", "0.1", "--batch", "128", "--seed", "4",
  ]

  private static func arguments(_ output: String, epochs: Int, _ more: String...) -> [String] {
    options + ["--epochs", String(epochs), "--output", output] + more
  }

  /// The newest checkpoint's name and the epochs that were finished when it was written.
  private func newest(_ folder: String) throws -> (name: String, epochs: Int) {
    let name = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder + "/checkpoints")
        .filter { $0.hasPrefix("step-") }.max())
    let steps = try #require(Int(name.dropFirst(5).prefix(9)))
    return (name, steps / 11)
  }

  /// The history without its times.
  private func history(_ folder: String) throws -> [String] {
    try String(contentsOfFile: folder + "/history.jsonl", encoding: .utf8).split(separator: "\n")
      .map {
        String($0).replacing(#/"(images_per_second|seconds)":[^,}]*/#, with: "")
      }
  }

  /// Resumes for as long as it takes to finish the epoch under way and one more, and compares with a
  /// training that nobody disturbed.
  private func expectUndisturbed(
    _ folder: String, in scratch: TemporaryFolder, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let epochs = try newest(folder).epochs + 2
    let resumed = try Tool.run(
      arguments: Self.arguments(folder, epochs: epochs, "--resume", "--threads", "1"))
    #expect(resumed.status == 0, "\(resumed.errors)", sourceLocation: sourceLocation)
    #expect(resumed.output.contains("resume    step-"), sourceLocation: sourceLocation)
    let other = scratch.path("undisturbed")
    let undisturbed = try Tool.run(arguments: Self.arguments(other, epochs: epochs))
    #expect(undisturbed.status == 0, "\(undisturbed.errors)", sourceLocation: sourceLocation)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder + "/model.safetensors"))
        == Data(contentsOf: URL(fileURLWithPath: other + "/model.safetensors")),
      sourceLocation: sourceLocation)
    #expect(try history(folder) == history(other), sourceLocation: sourceLocation)
    #expect(try history(folder).count == epochs, sourceLocation: sourceLocation)
  }

  @Test("A signal ends the training in good order", arguments: [SIGTERM, SIGINT, SIGUSR1])
  func signals(_ signal: Int32) throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.path("run")
    let running = try Tool.Running(Self.arguments(folder, epochs: 3000))
    try running.wait(for: "epoch    2/")
    running.send(signal)
    let run = try running.end()
    #expect(run.status == 75)
    #expect(run.errors.hasPrefix("needletail: interrupted by SIG"))
    #expect(run.errors.contains(try newest(folder).name))
    #expect(!FileManager.default.fileExists(atPath: folder + "/model.safetensors"))
    try expectUndisturbed(folder, in: scratch)
  }

  @Test("A killed training goes on, and SIGHUP asks for a checkpoint")
  func killed() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.path("run")
    let running = try Tool.Running(
      Self.arguments(folder, epochs: 3000, "--checkpoint-every", "100000epochs"))
    try running.wait(for: "epoch    1/")
    running.send(SIGHUP)
    let checkpoints = folder + "/checkpoints"
    try running.wait {
      try FileManager.default.contentsOfDirectory(atPath: checkpoints)
        .contains { $0.hasSuffix("-extra.safetensors") }
    }
    // The folder is in use, for a new training as for one that is resumed.
    for options in [[], ["--resume"]] {
      let second = try Tool.run(arguments: Self.arguments(folder, epochs: 3) + options)
      #expect(second.status == 73)
    }
    let second = try Tool.run(arguments: Self.arguments(folder, epochs: 3, "--resume"))
    #expect(
      second.errors == """
        needletail: \(folder): expected a folder that nobody uses, found one in which another \
        process is training; wait for its end, or name another folder.

        """)
    running.send(SIGKILL)
    #expect(try running.end().status == SIGKILL)
    try expectUndisturbed(folder, in: scratch)
  }

  @Test("A second SIGINT ends the training at once")
  func twice() throws {
    let scratch = try TemporaryFolder()
    // A step of some seconds.
    let running = try Tool.Running([
      "train", "--data", "digits", "--model", "resnet50", "--batch", "1442", "--output",
      scratch.path("run"),
    ])
    try running.wait(for: "output ")
    // Two that come before a busy machine has delivered the first are one.
    repeat {
      running.send(SIGINT)
      usleep(50_000)
    } while running.process.isRunning
    let run = try running.end()
    #expect(run.status == SIGINT)
    #expect(running.process.terminationReason == .uncaughtSignal)
    #expect(run.errors == "")
  }

  @Test("Without a checkpoint a training starts afresh; a finished one has nothing to do")
  func fromTheStart() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.path("run")
    let arguments = Self.arguments(folder, epochs: 1, "--resume")
    let first = try Tool.run(arguments: arguments)
    #expect(first.status == 0)
    #expect(first.output.contains("\nresume    there is no checkpoint yet: starting afresh\n"))
    let second = try Tool.run(arguments: arguments)
    #expect(second.status == 0)
    #expect(
      second.output.contains(
        "\nresume    step-000000011.safetensors: the training had ended, after 1 epoch\ntest "))
    let other = try Tool.run(arguments: arguments + ["--learning-rate", "0.1"])
    #expect(other.status == 64)
    #expect(other.errors.contains("learning rate: constant 0.001 there, constant 0.1 here."))
  }

  @Test("A training that goes back says so and keeps its history right")
  func rollback() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.path("run")
    let run = try Tool.run(
      arguments: Self.options + [
        "--epochs", "3", "--output", folder, "--optimizer", "sgd", "--learning-rate", "1e20",
        "--on-divergence", "rollback",
      ])
    #expect(run.status == 65)
    #expect(
      run.errors.contains("Going back to step-000000000.safetensors with 0.5 of the learning"))
    #expect(run.errors.contains("(5 of at most 5 times)"))
    #expect(try history(folder).isEmpty)
  }
}
