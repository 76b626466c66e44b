import Foundation
import Needletail

/// The convolutional network with which many introductions begin, on MNIST.
func mnist() throws {
  let arguments = CommandLine.arguments.dropFirst(2)
  guard let folder = arguments.first else {
    print("usage: examples mnist FOLDER [EPOCHS]")
    return
  }
  let epochs = arguments.dropFirst().first.flatMap { Int($0) } ?? 3
  let data = try IDXFolder(contentsOf: URL(fileURLWithPath: folder))
  guard let training = data.training else {
    print("\(folder) has no training part")
    return
  }

  let network = Sequential {
    Rescale(scale: 1 / 255)
    Conv2D(outputChannels: 32, kernelSize: 3, activation: .relu)
    MaxPool2D(poolSize: 2)
    Conv2D(outputChannels: 64, kernelSize: 3, activation: .relu)
    MaxPool2D(poolSize: 2)
    Flatten()
    Dropout(rate: 0.5)
    Dense(outputSize: 10)
  }
  var model = try Model(network, inputShape: [28, 28, 1], seed: 42)
  let trainer = Trainer(
    loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3), metrics: [.accuracy])
  try trainer.fit(
    &model, to: training, validation: data.test, epochs: epochs, batchSize: 128
  ) { event in
    if case .epochEnded(let report) = event {
      print(
        "epoch \(report.epoch): loss \(report.loss), \(Int(report.examplesPerSecond)) images/s, "
          + "test accuracy \(report.validation?.accuracy ?? .nan)")
    }
    return .continue
  }
}
