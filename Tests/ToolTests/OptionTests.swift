import Foundation
import Testing

/// What options refuse.
@Suite("Options")
struct OptionTests {
  private static let train = "train --data digits --output run"
  private static let bench = "bench train --model mlp"

  /// A command, an option, a value that it refuses, and what it says instead of it.
  static let cases = [
    [train, "--learning-rate", "-0.1", "a number above 0 (1.2e-38 to 3.4e38), found '-0.1'"],
    [train, "--learning-rate", "0.0", "a number above 0 (1.2e-38 to 3.4e38), found '0.0'"],
    [train, "--learning-rate", "1e-400", "a number above 0 (1.2e-38 to 3.4e38), found '1e-400'"],
    [train, "--learning-rate", "1e-40", "a number above 0 (1.2e-38 to 3.4e38), found '1e-40'"],
    [train, "--learning-rate", "4e38", "a number above 0 (1.2e-38 to 3.4e38), found '4e38'"],
    [
      train, "--learning-rate", "0,1",
      "a number above 0 (1.2e-38 to 3.4e38), found '0,1'; write a point: 0.1",
    ],
    [train, "--epochs", "1.5", "a whole number from 1 to 1000000, found '1.5'"],
    [train, "--epochs", "1e3", "a whole number from 1 to 1000000, found '1e3'"],
    [train, "--epochs", "-1", "a whole number from 1 to 1000000, found '-1'"],
    [train, "--batch", "-5", "a whole number from 1 to 16777216, found '-5'"],
    [train, "--seed", "-1", "a whole number from 0 to 18446744073709551615, found '-1'"],
    [
      train, "--warm-up", "-.5",
      "a number of epochs from 0 to those of the training, found '-.5'",
    ],
    [
      train, "--warm-up", "10.5",
      "a number of epochs from 0 to those of the training, 10, found 10.5",
    ],
    [train, "--threads", "1025", "a whole number from 1 to 1024, found '1025'"],
    [train, "--classes", "1", "a whole number from 2 to 1000000, found '1'"],
    [train, "--keep", "0", "a whole number from 1 to 1000000, found '0'"],
    [train, "--optimizer", "lion", "sgd, momentum, nesterov, adam or adamw, found 'lion'"],
    [
      train, "--convolution", "fast",
      "direct, winograd2, winograd3, winograd4, winograd5, matrix-product, depthwise or im2row, "
        + "found 'fast'",
    ],
    [
      train, "--augment", "shift:-1",
      "whole pixels from 1 after shift:, found 'shift:-1'; write flip,shift:4, for instance",
    ],
    [
      train, "--checkpoint-every", "1.5epochs",
      "how often to write a checkpoint, as in 1epoch, 500steps, 10minutes; found '1.5epochs'",
    ],
    [train, "--input", "16x16", "height, width and channels, like 28x28x1, found '16x16'"],
    [
      train, "--input", "99999x99999x3",
      "a shape of at most 268,435,456 numbers, found '99999x99999x3'",
    ],
    ["inspect mlp", "--input", "-1x28x1", "extents from 1, like 28x28x1 or 784, found '-1x28x1'"],
    ["inspect mlp", "--classes", "-1", "a whole number from 2 to 1000000, found '-1'"],
    [bench, "--seconds", "0", "a number of seconds above 0, up to 86400, found '0'"],
    [bench, "--seconds", "abc", "a number of seconds above 0, up to 86400, found 'abc'"],
    [bench, "--batch", "1048577", "a whole number from 1 to 1048576, found '1048577'"],
    ["bench data", "--images", "9", "a whole number from 10 to 1000000, found '9'"],
    ["bench kernels", "--strides", "0", "a whole number from 1 to 65536, found '0'"],
    [
      "bench kernels", "--filters", "2",
      "--input too: together they make a convolution, found none",
    ],
    [
      "bench kernels --filters 2", "--input", "8",
      "height, width and channels, as in 28x28x1, found [8]",
    ],
    [
      "predict --model m --header", "--max-image-pixels", "0",
      "a whole number from 1 to 2147483648, found '0'",
    ],
  ]

  @Test("A value that an option does not take, in one sentence", arguments: cases)
  func sentence(_ example: [String]) throws {
    let folder = try TemporaryFolder()
    let (command, option, value) = (example[0], example[1], example[2])
    for separator in [" ", "="] {
      let run = try Tool.shell(
        "exec \"$TOOL\" \(command) \(option)\(separator)\(value)", in: folder.url)
      #expect(run.errors == "needletail: \(option): expected \(example[3]).\n")
      #expect(run.output == "")
      #expect(run.status == 64)
      #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }
  }

  @Test(
    "Fractions to hold out, which images are not",
    arguments: [
      "0", "1", "1.5", "-0.1", "1e400", "nan", "inf", "10%", "0,1", "1e-400",
    ])
  func fraction(_ value: String) throws {
    let folder = try TemporaryFolder()
    let run = try Tool.run(
      "train", "--data", "digits", "--validation", value, in: folder.url)
    #expect(
      run.errors == """
        needletail: --validation: expected images, or a fraction above 0 and below 1, as 0.1, found \
        '\(value)'; \(value == "0,1" ? "write a point: 0.1" : "leave the option out to hold nothing out").

        """)
    #expect(run.output == "")
    #expect(run.status == 64)
  }

  /// An option of a command, as the tool itself describes it.
  private struct Described {
    let command: [String]
    let name: String
  }

  /// All options with a value, of all commands.
  private static func describedOptions() throws -> [Described] {
    struct Description: Decodable { let command: Command }
    struct Command: Decodable {
      let commandName: String
      let arguments: [Argument]?
      let subcommands: [Command]?
    }
    struct Argument: Decodable {
      let kind: String
      let preferredName: Name?
    }
    struct Name: Decodable { let name: String }
    func options(_ command: Command, _ path: [String]) -> [Described] {
      (command.arguments ?? []).compactMap { argument in
        guard argument.kind == "option", let name = argument.preferredName?.name else { return nil }
        return Described(command: path, name: name)
      } + (command.subcommands ?? []).flatMap { options($0, path + [$0.commandName]) }
    }
    let text = try Tool.run("--experimental-dump-help").output
    let description = try JSONDecoder().decode(Description.self, from: Data(text.utf8))
    return options(description.command, [])
  }

  /// Options of names and paths: nearly every text may be one.
  private static let texts: Set<String> = [
    "train data", "train labels", "train split", "train output", "train validation",
    "evaluate model", "evaluate data", "evaluate labels", "evaluate split", "predict model",
    "data labels",
  ]

  @Test("Every other option of every command refuses what is no value of any, in one sentence")
  func allOptions() throws {
    let options = try Self.describedOptions()
    #expect(options.count > 60)
    #expect(
      Set(options.map { ($0.command + [$0.name]).joined(separator: " ") }).isSuperset(
        of: Self.texts))
    for option in options {
      let name = (option.command + [option.name]).joined(separator: " ")
      guard !Self.texts.contains(name) else { continue }
      for value in ["abc", "1e400", "nan", "0x10", "1 2", "-1", "18446744073709551616"] {
        // A rate that is legal, and senseless.
        if option.name == "learning-rate", value.count == 20 { continue }
        let run = try Tool.run(arguments: option.command + ["--\(option.name)=\(value)"])
        #expect(run.status == 64, "\(name) \(value)")
        #expect(run.output == "", "\(name) \(value)")
        #expect(run.errors.hasPrefix("needletail: --\(option.name): expected "), "\(run.errors)")
        #expect(run.errors.contains("found '\(value)'"), "\(run.errors)")
        #expect(run.errors.hasSuffix(".\n") && run.errors.split(separator: "\n").count == 1)
      }
    }
  }

  @Test("What was typed cannot write lines of its own")
  func controls() throws {
    let run = try Tool.run("train", "--data", "digits", "--epochs", "1\n\u{1B}[2J")
    #expect(
      run.errors == "needletail: --epochs: expected a whole number from 1 to 1000000, found "
        + "'1\\u{a}\\u{1b}[2J'.\n")
    let json = try Tool.run("train", "--data", "digits", "--json", "--epochs", "1.5")
    let ended = try json.objects()
    #expect(ended.count == 1)
    #expect(ended.first?["exit_code"] as? Int == 64)
    #expect(
      ended.first?["error"] as? String
        == "--epochs: expected a whole number from 1 to 1000000, found '1.5'.")
  }

  @Test("Words that only look like negative numbers, and what takes none")
  func others() throws {
    let folder = try TemporaryFolder()
    // A folder may be called so.
    let data = try Tool.run("train", "--data", "-5", in: folder.url)
    #expect(data.status == 66)
    #expect(data.errors.contains("/-5: expected a folder that can be read"))
    let flag = try Tool.run("train", "--data", "digits", "--json", "-5")
    #expect(flag.status == 64)
    #expect(flag.errors.contains("'--json' does not take any value, but '-5' was specified"))
    let shape = try Tool.run("inspect", "mlp", "--input", "-1x28x1")
    #expect(shape.status == 64)
    #expect(shape.errors.contains("expected extents from 1, like 28x28x1 or 784, found '-1x28x1'"))
    let missing = try Tool.run("train", "--data", "digits", "--epochs", "--json")
    #expect(missing.errors.contains("Missing value for '--epochs <epochs>'"))
    // Behind two dashes all are images.
    let images = try Tool.run(
      "predict", "--model", DigitsModel.trained.model, "--", "--seed", "-1", in: folder.url)
    #expect(images.status == 66)
    #expect(images.lines.count == 2)
  }
}
