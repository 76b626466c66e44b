import Needletail

/// A regression of two layers written with bare placeholders, variables and gradient descent.
func regression() throws {
  let graph = GraphBuilder()
  let x = graph.placeholder("x", [.batch, 1])
  let y = graph.placeholder("y", [.batch, 1])

  let hiddenWeights = graph.variable(
    "hidden.weights", shape: [1, 16], initializer: .normal(mean: 0, standardDeviation: 1))
  let hiddenBiases = graph.variable("hidden.biases", shape: [16], initializer: .constant(0.1))
  let hidden = tanh(matmul(x, hiddenWeights) + hiddenBiases)

  let outputWeights = graph.variable(
    "output.weights", shape: [16, 1], initializer: .normal(mean: 0, standardDeviation: 0.3))
  let outputBiases = graph.variable("output.biases", shape: [1], initializer: .zeros)
  let prediction = matmul(hidden, outputWeights) + outputBiases

  let loss = mean(square(y - prediction))
  let session = try Session(
    minimizing: loss, with: .sgd(learningRate: 0.1), batchSize: 100, seed: 3)

  // The parabola y = x² − 0.5 on 100 points between −1 and 1, with a little noise.
  var random = RandomStream(seed: 7, purpose: .synthesis)
  let points = (0..<100).map { Float($0) / 49.5 - 1 }
  let values = points.map { $0 * $0 - 0.5 + 0.05 * (random.nextUniform() - 0.5) }
  let feeds = [
    "x": Tensor(shape: [100, 1], points), "y": Tensor(shape: [100, 1], values),
  ]
  for step in 0...2000 {
    let value = try session.step(feeds)
    if step % 400 == 0 { print("step \(step): loss \(value)") }
  }
  let fitted = try session.model(computing: prediction)
  let guesses = try fitted.predict(["x": Tensor(shape: [2, 1], [0, 1])])
  print("f(0) = \(guesses["output"]?[0, 0] ?? .nan), f(1) = \(guesses["output"]?[1, 0] ?? .nan)")
}
