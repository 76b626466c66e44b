import Needletail

/// Exclusive or: the smallest problem that one layer cannot solve.
func xor() throws {
  let inputs = Tensor(shape: [4, 2], [0, 0, 0, 1, 1, 0, 1, 1])
  let targets = Tensor(shape: [4, 1], [0, 1, 1, 0])
  let data = try InMemoryDataset(inputs: inputs, targets: targets)

  let network = Sequential {
    Dense(outputSize: 8, activation: .tanh)
    Dense(outputSize: 1)
  }
  var model = try Model(network, inputShape: [2], seed: 1)
  let trainer = Trainer(
    loss: .binaryCrossEntropy, optimizer: .adam(learningRate: 0.05), metrics: [.binaryAccuracy])
  let history = try trainer.fit(&model, to: data, epochs: 200, batchSize: 4)

  let logits = try model(inputs)
  for row in 0..<4 {
    print("\(Int(inputs[row, 0])) xor \(Int(inputs[row, 1])) = \(logits[row, 0] > 0 ? 1 : 0)")
  }
  print("loss \(history.epochs.last?.loss ?? .nan)")
}
