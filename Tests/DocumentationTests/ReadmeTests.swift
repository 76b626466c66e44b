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

  @Test func theExampleIsTheReadmes() throws {
    #expect(try lineCount(ofSwiftIn: "README.md", asIn: #filePath) >= 12)
  }
}
