import Graphs
import Tensors
import TestSupport

/// A network in which every operation of the registry occurs, large enough for several chunks of
/// work with a batch of 24.
struct EveryOperationGraph {
  /// `[batch, 5]`.
  let logits: Node
  /// A scalar.
  let loss: Node
  /// Values between steps that are joined where nobody asks for them, up to what is normalised.
  let beforeNormalization: [Node]
  /// Those behind it.
  let behindNormalization: [Node]

  init() {
    let builder = GraphBuilder()
    func weights(_ name: String, _ shape: Shape, fanIn: Int) -> Node {
      builder.variable(
        name, shape: shape, initializer: .heUniform,
        fan: Variable.Fan(in: fanIn, out: shape.dimensions.last ?? 1))
    }
    func vector(_ name: String, _ count: Int, isTrainable: Bool = true) -> Node {
      builder.variable(
        name, shape: [count], initializer: .uniform(from: 0.1, to: 0.6), isTrainable: isTrainable)
    }
    let x = builder.placeholder("x", [.batch, 16, 16, 3])
    let labels = builder.placeholder("labels", [.batch], elementType: .int32)
    let targets = builder.placeholder("targets", [.batch, 5])
    let scaled = x.scaled(by: [2, 0.5, 1], offset: [0.1, 0, -0.1])
    let convolved = convolve2D(
      scaled, weights("conv.weight", [3, 3, 3, 16], fanIn: 27), padding: .same)
    let biased = convolved + vector("conv.bias", 16)
    let normalized = batchNormalization(
      relu(biased), scale: vector("norm.scale", 16), offset: vector("norm.offset", 16),
      runningMean: vector("norm.mean", 16, isTrainable: false),
      runningVariance: vector("norm.variance", 16, isTrainable: false), momentum: 0.9,
      epsilon: 1e-3)
    let active = activation(.elu(), normalized)
    let point = convolve2D(active, weights("point.weight", [1, 1, 16, 16], fanIn: 16))
    let residual = active + sigmoid(point)
    let depthwise = convolve2D(
      residual, weights("depth.weight", [3, 3, 1, 16], fanIn: 9), padding: .same, groups: 16)
    let pooled = maxPool2D(depthwise, poolSize: 2, strides: 2)
    let smooth = averagePool2D(pooled, poolSize: 3, strides: 1, padding: .same)
    let padded = smooth.paddingChannels(before: 2, after: 3)
    let averages = globalAveragePool2D(concatenate([pooled, padded, pooled]))
    let product = matmul(
      smooth.reshaped(to: [1024]), weights("hidden.weight", [1024, 64], fanIn: 1024))
    let hidden = tanh(product + vector("hidden.bias", 64))
    let features = dropout(concatenate([hidden, averages]), rate: 0.3)
    logits =
      matmul(features, weights("output.weight", [117, 5], fanIn: 117)) + vector("output.bias", 5)
    loss =
      softmaxCrossEntropyLoss(
        logits: logits, targets: labels, labelSmoothing: 0.1, classWeights: [1, 2, 0.5, 1, 1])
      + 0.5 * meanSquaredErrorLoss(prediction: softmax(logits), targets: targets)
      + mean(square(hidden))
    beforeNormalization = [convolved, biased]
    behindNormalization = [normalized, point, product]
  }

  /// Feeds the first `batch` of always the same examples.
  static func feed(_ run: GraphRun, batch: Int) {
    run.feed("x", TestArrays.uniform(batch * 768, seed: 5))
    run.feed("labels", integers: (0..<batch).map { Int32($0 * 3 % 5) })
    run.feed("targets", TestArrays.uniform(batch * 5, seed: 6))
  }
}

/// The bits of some numbers: equal for equal NaN, too.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }
