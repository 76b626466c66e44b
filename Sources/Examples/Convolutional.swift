import Needletail

/// A convolutional network for images of 32×32 with three channels, as a struct.
struct ConvolutionalNet: Layer {
  let convolution1 = Conv2D(outputChannels: 6, kernelSize: 5, activation: .relu)
  let convolution2 = Conv2D(outputChannels: 16, kernelSize: 5, activation: .relu)
  let dense1 = Dense(outputSize: 120, activation: .relu)
  let dense2 = Dense(outputSize: 84, activation: .relu)
  let dense3 = Dense(outputSize: 10)

  func callAsFunction(_ x: Node) -> Node {
    let pooled1 = maxPool2D(convolution1(x), poolSize: 2, strides: 2)
    let pooled2 = maxPool2D(convolution2(pooled1), poolSize: 2, strides: 2)
    return dense3(dense2(dense1(pooled2.flattened())))
  }
}

/// Learns to tell ten made-up kinds of images apart: stripes of ten widths and colours, with noise.
func convolutional() throws {
  let count = 400
  var random = RandomStream(seed: 11, purpose: .synthesis)
  let labels = (0..<count).map { Int32($0 % 10) }
  let images = Tensor(shape: [count, 32, 32, 3]) { pixels in
    for index in pixels.indices {
      let kind = Int(labels[index / (32 * 32 * 3)])
      let column = index / 3 % 32
      let isBright = column / (kind % 5 + 1) % 2 == 0 && index % 3 == kind / 5
      pixels[index] = (isBright ? 1 : 0) + random.nextUniform() - 0.5
    }
  }
  let data = try InMemoryDataset(inputs: images, labels: labels)
  var model = try Model(ConvolutionalNet(), inputShape: [32, 32, 3], seed: 2)
  print(model.summary)
  let trainer = Trainer(
    loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3), metrics: [.accuracy])
  try trainer.fit(&model, to: data, epochs: 6, batchSize: 20) { event in
    if case .epochEnded(let report) = event {
      print("epoch \(report.epoch): loss \(report.loss)")
    }
    return .continue
  }
  print("accuracy \(try trainer.evaluate(model, on: data).accuracy ?? .nan)")
}
