import Foundation
import Testing

@Suite("Errors")
struct ErrorTests {
  struct Case: CustomTestStringConvertible {
    let arguments: [String]
    let status: Int32
    let text: String

    init(_ arguments: String, _ status: Int32, _ text: String) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.status = status
      self.text = text
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let cases = [
    Case(
      "train --data digits --split validation", 64,
      """
      needletail: --split: expected training or test, the parts of the digits, found "validation"; \
      name one of these parts.

      """),
    Case(
      "train --data digits --classes 9", 64,
      """
      needletail: --classes: expected 10, as in digits, found 9; leave the option out, or use other \
      data.

      """),
    Case(
      "train --data digits --input 9x9x1", 64,
      """
      needletail: --input: expected the shape of digits, images of [8, 8, 1], found '9x9x1'; images \
      of this form keep their size: leave the option out.

      """),
    Case(
      "train --data digits --validation 0.0001", 64,
      """
      needletail: --validation: expected a share of 1442 examples that leaves at least one in \
      either part, found 0.0001, which holds out 0; hold out more, 0.1 for instance, or use more data.

      """),
    Case(
      "train --data digits --validation 0.9999", 64,
      """
      needletail: --validation: expected a share of 1442 examples that leaves at least one in \
      either part, found 0.9999, which holds out 1442; hold out less, or use more data.

      """),
    Case(
      "train --data digits --augment shift:8", 64,
      """
      needletail: --augment: expected a shift from 0 to 7 pixels for images of [8, 8, 1], found 8; \
      choose a smaller shift, such as an eighth of the width.

      """),
    Case(
      "inspect vgg8 --input 8x8x1", 64,
      """
      needletail: --input: The preset vgg8 does not fit examples of the shape [8, 8, 1]; those that do \
      are mlp, resnet18, resnet20, resnet50, digits-cnn. Layer 21 of 23, '20': MaxPool2D(2×2) expects a \
      window that fits its images: a window of 2 x 2 pixels does not fit an image of 1 x 1 pixels, padding \
      included (use padding: .same, a smaller window, or fewer poolings and strides before it).

      """),
    Case(
      "train --data /nowhere/at/all", 66,
      """
      needletail: /nowhere/at/all: expected a folder that can be read, found No such file or \
      directory; check the path and its permissions.

      """),
    Case(
      "train --data digits --epochs 0", 64,
      """
      needletail: --epochs: expected a whole number from 1 to 1000000, found '0'.

      """),
    Case(
      "train --data digits --threads 0", 64,
      """
      needletail: --threads: expected a whole number from 1 to 1024, found '0'.

      """),
    Case(
      "train --epochs 3", 64,
      """
      needletail: Missing expected argument '--data <data>'
      Help:  --data <data>  Images: 'digits', which is built in, or a folder: IDX files such as MNIST's, \
      CIFAR's binary files, or image files with a folder a class, in folders train and test or not.
      Usage: needletail train [<options>] --data <data>
        See 'needletail train --help' for more information.

      """),
    Case(
      "train --data digits --epoch 3", 64,
      """
      needletail: Unknown option '--epoch'. Did you mean '--epochs'?
      Usage: needletail train [<options>] --data <data>
        See 'needletail train --help' for more information.

      """),
    Case(
      "paint", 64,
      """
      needletail: Unexpected argument 'paint'
      Usage: needletail <subcommand>
        See 'needletail --help' for more information.

      """),
    Case(
      "inspect /nowhere/model.safetensors", 66,
      """
      needletail: /nowhere/model.safetensors: expected to open the file for reading, found system \
      error 2 (No such file or directory). Check the path; folders are not created.

      """),
  ]

  @Test("Say what is wrong, and nothing else", arguments: cases)
  func text(_ example: Case) throws {
    let arguments = example.arguments
    let run = try Tool.shell(
      "exec \"$TOOL\" " + arguments.map { "'\($0)'" }.joined(separator: " "))
    #expect(run.errors == example.text)
    #expect(run.output == "")
    #expect(run.status == example.status)
  }

  @Test(
    "Values that no option takes are wrong arguments",
    arguments: [
      "--schedule=sinus", "--schedule=step:0", "--optimizer=lion", "--model=vgg99",
      "--learning-rate=0", "--learning-rate=nan", "--batch=0", "--classes=1", "--input=8x0x1",
      "--warm-up=11", "--seed=-1", "--keep=0", "--keep=3", "--checkpoint-every=5hours",
      "--checkpoint-every=2epochs", "--on-divergence=pray", "--on-divergence=rollback", "--resume",
    ])
  func values(_ option: String) throws {
    let run = try Tool.run("train", "--data", "digits", option)
    #expect(run.status == 64)
    #expect(run.errors.hasPrefix("needletail: "))
    #expect(run.output == "")
  }

  @Test("A preset that does not fit is refused with those that do")
  func misfit() throws {
    let run = try Tool.run("train", "--data", "digits", "--model", "vgg8")
    #expect(run.status == 65)
    #expect(
      run.errors.hasPrefix(
        "needletail: The preset vgg8 does not fit examples of the shape [8, 8, 1]; those that do "
          + "are mlp, resnet18, resnet20, resnet50, digits-cnn. Layer 21 of 23, '20': MaxPool2D(2×2) "
          + "expects"))
    // The data are told before anything slow.
    #expect(run.lines.map { $0.prefix(4) } == ["data"])
  }

  @Test("A file that is no model is bad data")
  func noModel() throws {
    let folder = try TemporaryFolder()
    try Data("no model".utf8).write(to: folder.url.appendingPathComponent("model.safetensors"))
    let run = try Tool.run("inspect", folder.path("model.safetensors"))
    #expect(run.status == 65)
    #expect(run.errors.contains("model.safetensors, byte 0: expected"))
  }

  @Test("A mistake in a network file is one of configuration")
  func networkFile() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("net.yaml")
    try Data("layers:\n  - Dense: {outputSise: 3}\n".utf8).write(to: file)
    let run = try Tool.run("train", "--data", "digits", "--model", file.path)
    #expect(run.status == 78)
    #expect(run.errors.hasPrefix("needletail: \(file.path)"))
    #expect(run.errors.contains("line 2"))
  }

  @Test("A training that diverges is reported, and no model is kept")
  func divergence() throws {
    let folder = try TemporaryFolder()
    let run = try Tool.run(
      "train", "--data", "digits", "--learning-rate", "1e30", "--output", folder.path("run"))
    #expect(run.status == 65)
    #expect(run.errors.contains("expected a finite loss, found"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")))
  }

  @Test("Output that cannot be written is an error")
  func fullDisk() throws {
    for command in [
      "inspect mlp", "--help", "help train", "bench --help", "--version",
      "--experimental-dump-help",
      "--generate-completion-script bash", "",
    ] {
      let run = try Tool.shell("\"$TOOL\" \(command) > /dev/full")
      #expect(run.errors == "needletail: standard output: No space left on device.\n", "\(command)")
      #expect(run.status == 74, "\(command)")
    }
  }
}
