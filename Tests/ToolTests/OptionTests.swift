import Foundation
import Testing

/// Numbers that options refuse.
@Suite("Options")
struct OptionTests {
  struct Case: CustomTestStringConvertible {
    let command: String
    let option: String
    let value: String
    let expected: String

    init(_ command: String, _ option: String, _ value: String, _ expected: String) {
      (self.command, self.option, self.value, self.expected) = (command, option, value, expected)
    }

    var testDescription: String { "\(command) \(option) \(value)" }
  }

  private static let train = "train --data digits --output run"
  private static let bench = "bench train --model mlp"

  static let cases = [
    Case(train, "--learning-rate", "-0.1", "a number above 0"),
    Case(train, "--learning-rate", "-1e-3", "a number above 0"),
    Case(train, "--learning-rate", "nan", "a number above 0"),
    Case(train, "--learning-rate", "inf", "a number above 0"),
    Case(train, "--learning-rate", "-inf", "a number above 0"),
    Case(train, "--learning-rate", "0.0", "a number above 0"),
    Case(train, "--epochs", "-1", "1 to 1000000"),
    Case(train, "--batch", "-5", "1 to 16777216"),
    Case(train, "--seed", "-1", "a whole number from 0 to 18446744073709551615"),
    Case(train, "--seed", "one", "a whole number from 0 to 18446744073709551615"),
    Case(train, "--warm-up", "-1", "0 to 10 epochs"),
    Case(train, "--warm-up", "-.5", "0 to 10 epochs"),
    Case(train, "--warm-up", "nan", "0 to 10 epochs"),
    Case(train, "--threads", "-2", "1 to 1024"),
    Case(train, "--classes", "-3", "2 to 1000000"),
    Case(train, "--keep", "-1", "1 to 1000000"),
    Case(train, "--validation", "-0.1", "images or a fraction between 0 and 1"),
    Case(train, "--validation", "nan", "images or a fraction between 0 and 1"),
    Case("evaluate --model m --data digits", "--threads", "-2", "1 to 1024"),
    Case("predict --model m", "--threads", "-2", "1 to 1024"),
    Case("doctor", "--threads", "-1", "1 to 1024"),
    Case("inspect mlp", "--classes", "-1", "2 to 1000000"),
    Case(bench, "--seconds", "-1", "a number above 0, up to 86400"),
    Case(bench, "--seconds", "inf", "a number above 0, up to 86400"),
    Case(bench, "--seconds", "nan", "a number above 0, up to 86400"),
    Case(bench, "--batch", "-5", "1 to 1048576"),
    Case(bench, "--seed", "-1", "a whole number from 0 to 18446744073709551615"),
    Case("bench peak", "--seconds", "-1", "a number above 0, up to 86400"),
    Case("bench data", "--seconds", "0", "a number above 0, up to 86400"),
    Case("bench data", "--batch", "0", "1 to 1048576"),
    Case("bench data", "--images", "-10", "10 to 1000000"),
    Case("bench kernels --input 8x8x1 --filters 2", "--kernel", "-3", "1 to 65536"),
    Case("bench kernels --input 8x8x1 --filters 2", "--strides", "0", "1 to 65536"),
    Case("bench kernels --input 8x8x1 --filters 2", "--groups", "-1", "1 to 65536"),
    Case("bench kernels --input 8x8x1", "--filters", "9223372036854775807", "1 to 65536"),
    Case("bench kernels --model mlp", "--batch", "-1", "1 to 1048576"),
    Case("bench kernels --model mlp", "--seconds", "-0.5", "a number above 0, up to 86400"),
  ]

  @Test("Negative and other impossible numbers, in one sentence", arguments: cases)
  func numbers(_ example: Case) throws {
    let folder = try TemporaryFolder()
    for separator in [" ", "="] {
      let run = try Tool.shell(
        "exec \"$TOOL\" \(example.command) \(example.option)\(separator)\(example.value)",
        in: folder.url)
      let number = Double(example.value)
      let shown = number.map { value in Int(exactly: value).map(String.init) ?? "\(value)" }
      // Beyond what a Double tells apart, as it was written.
      let found = example.value.count > 15 ? example.value : shown ?? example.value
      let sentence =
        "needletail: \(example.option): expected \(example.expected), found \(found).\n"
      #expect(run.errors.hasPrefix(sentence), "\(run.errors)")
      #expect(run.output == "")
      #expect(run.status == 64)
      #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }
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
    #expect(shape.errors.contains("expected extents from 1, like 28x28x1 or 784"))
    let missing = try Tool.run("train", "--data", "digits", "--epochs", "--json")
    #expect(missing.errors.contains("Missing value for '--epochs <epochs>'"))
    // Behind two dashes all are images.
    let images = try Tool.run(
      "predict", "--model", DigitsModel.trained.model, "--", "--seed", "-1", in: folder.url)
    #expect(images.status == 66)
    #expect(images.lines.count == 2)
  }
}
