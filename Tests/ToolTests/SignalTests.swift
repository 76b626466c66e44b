import Foundation
import Testing

/// Signals at any time, and as the first process of a container.
@Suite("Signals")
struct SignalTests {
  private let model = DigitsModel.trained.model

  /// Commands that would go on for long.
  private var endless: [[String]] {
    [
      ["train", "--data", "digits", "--epochs", "100000"],
      [
        "train", "--data", "digits", "--epochs", "100000", "--checkpoint-every", "off", "--output",
        "run",
      ],
      ["bench", "peak", "--seconds", "1000"],
      ["bench", "infer", "--model", "mlp", "--seconds", "1000"],
    ]
  }

  @Test("Other commands die of the signal itself", arguments: [SIGTERM, SIGINT, SIGUSR1])
  func ends(_ signal: Int32) throws {
    let scratch = try TemporaryFolder()
    for var arguments in endless {
      if arguments.last == "run" { arguments[arguments.count - 1] = scratch.path("run") }
      let running = try Tool.Running(arguments)
      // A benchmark says nothing before its end.
      if arguments[0] == "train" { try running.wait(for: "epoch") } else { usleep(500_000) }
      running.send(signal)
      let run = try running.end()
      #expect(run.status == signal)
      #expect(running.process.terminationReason == .uncaughtSignal)
      #expect(run.errors == "")
    }
  }

  /// Whether a shell may make name spaces of processes.
  private static let canBeFirst =
    (try? Tool.shell("unshare -rpf --mount-proc true 2>/dev/null").status) == 0

  @Test(
    "As the first process they end with 128 and the signal's number",
    .enabled(if: canBeFirst, "name spaces are not allowed here"), arguments: [SIGTERM, SIGINT])
  func firstProcess(_ signal: Int32) throws {
    let scratch = try TemporaryFolder()
    let commands =
      endless.map { $0.joined(separator: " ") } + ["predict --model \(model) -"]
    for (index, command) in commands.enumerated() {
      // `unshare` waits for the tool and answers with its status.
      let run = try Tool.shell(
        """
        mkfifo silence\(index); exec 9<> silence\(index)
        unshare -rpf --mount-proc "$TOOL" \(command) < silence\(index) > output\(index) 9>&- & first=$!
        until tool=$(cat /proc/$first/task/$first/children) && [ -n "$tool" ]; do sleep 0.05; done
        sleep 1; kill -\(signal) $tool; wait $first; echo $?
        """, in: scratch.url)
      #expect(run.lines == ["\(128 + signal)"], "\(command): \(run.errors)")
    }
  }

  @Test(
    "As the first process a training with checkpoints ends with 75",
    .enabled(if: canBeFirst, "name spaces are not allowed here"))
  func firstTraining() throws {
    let scratch = try TemporaryFolder()
    let run = try Tool.shell(
      """
      unshare -rpf --mount-proc "$TOOL" train --data digits --epochs 100000 --output run > output &
      first=$!
      until grep -q '^epoch' output; do sleep 0.05; done
      kill -TERM $(cat /proc/$first/task/$first/children); wait $first; echo $?; ls run
      """, in: scratch.url)
    #expect(run.lines == ["75", "checkpoints", "configuration.json", "history.jsonl"])
    #expect(run.errors.contains("interrupted by SIGTERM"))
  }

  @Test("A signal after the last step, while the test part is evaluated, gives 75, too")
  func whileEvaluating() throws {
    let scratch = try TemporaryFolder()
    try writeImages(to: scratch, testCount: 30_000)
    let folder = scratch.path("run")
    let arguments = [
      "train", "--data", scratch.url.path, "--model", "lenet5", "--epochs", "1", "--output", folder,
    ]
    let running = try Tool.Running(arguments)
    try running.wait { FileManager.default.fileExists(atPath: folder + "/model.safetensors") }
    running.send(SIGTERM)
    #expect(try running.end().status == 75)
    let resumed = try Tool.run(arguments: arguments + ["--resume"])
    #expect(resumed.status == 0)
    #expect(resumed.output.contains("(30,000 images)"))
  }

  /// Images in MNIST's files: 64 to train with, many to test with.
  private func writeImages(to folder: TemporaryFolder, testCount: Int) throws {
    func bigEndian(_ numbers: [Int]) -> Data {
      Data(numbers.flatMap { number in [24, 16, 8, 0].map { UInt8(number >> $0 & 255) } })
    }
    for (name, count) in [("train", 64), ("t10k", testCount)] {
      let images = Data(count: count * 784)
      let labels = Data((0..<count).map { UInt8($0 % 10) })
      try (bigEndian([0x803, count, 28, 28]) + images)
        .write(to: folder.url.appendingPathComponent("\(name)-images-idx3-ubyte"))
      try (bigEndian([0x801, count]) + labels)
        .write(to: folder.url.appendingPathComponent("\(name)-labels-idx1-ubyte"))
    }
  }
}
