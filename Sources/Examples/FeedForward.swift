import Needletail

/// A feed-forward network as a struct.
struct FeedForwardNet: Layer {
  let hidden1 = Dense(outputSize: 64, activation: .relu)
  let hidden2 = Dense(outputSize: 32, activation: .relu)
  let output = Dense(outputSize: 10)

  func callAsFunction(_ x: Node) -> Node {
    output(hidden2(hidden1(x.flattened().scaled(by: [1.0 / 16], offset: [0]))))
  }
}

/// Trains it on the embedded digits, step by step in a loop of one's own.
func feedForward() throws {
  let digits = try Digits.load()
  var model = try Model(FeedForwardNet(), inputShape: [8, 8, 1], seed: 5)
  let trainer = Trainer(
    loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.1, momentum: 0.9),
    metrics: [.accuracy])

  let batches = try Batches(digits.training, size: 32)
  let state = try trainer.makeState(for: model, fields: digits.training.fields, batchSize: 32)
  for epoch in 0..<15 {
    batches.start(.shuffled(seed: 5, epoch: epoch))
    while let batch = try batches.next() {
      try trainer.step(&model, state, on: batch)
    }
  }
  let result = try trainer.evaluate(model, on: digits.test)
  print("accuracy \(result.accuracy ?? .nan)")
}
