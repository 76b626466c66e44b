import Foundation
import Needletail
import Testing

/// The code of the README as it stands there, so that it compiles and runs.
@Suite struct ReadmeTests {
  @Test func theExampleLearnsDigits() throws {
    let digits = try Digits.load()

    let network = Sequential {
      Rescale(scale: 1 / 16)
      Conv2D(outputChannels: 32, kernelSize: 3, padding: .same, activation: .relu)
      MaxPool2D(poolSize: 2)
      Flatten()
      Dense(outputSize: 64, activation: .relu)
      Dense(outputSize: 10)
    }

    var model = try Model(network, inputShape: [8, 8, 1], seed: 42)
    let trainer = Trainer(
      loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 2e-3), metrics: [.accuracy])

    try trainer.fit(&model, to: digits.training, epochs: 15, batchSize: 32)
    print(try trainer.evaluate(model, on: digits.test).accuracy ?? 0)

    let accuracy = try trainer.evaluate(model, on: digits.test).accuracy ?? 0
    #expect(accuracy >= 0.97)
  }

  /// Every line of Swift in the README is a line of this file, in the same order.
  @Test func theExampleIsTheReadmes() throws {
    let here = URL(fileURLWithPath: #filePath)
    let root = here.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    var remaining = try trimmedLines(String(contentsOf: here, encoding: .utf8))[...]
    var isSwift = false
    var count = 0
    for line in readme.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isSwift = line == "```swift"
        continue
      }
      let text = line.trimmingCharacters(in: .whitespaces)
      guard isSwift, !text.isEmpty, text != "import Needletail" else { continue }
      count += 1
      let index = try #require(remaining.firstIndex(of: text), "not in this file: \(text)")
      remaining = remaining[(index + 1)...]
    }
    #expect(count >= 12)
  }

  private func trimmedLines(_ text: String) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
