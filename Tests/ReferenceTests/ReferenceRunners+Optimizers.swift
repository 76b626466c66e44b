import Datasets
import Graphs
import Layers
import Tensors
import Training

/// Optimizers, through the sessions and trainers that users have.
let optimizerRunners: [String: ReferenceRunner] = [
  "sgd": { testCase in
    try runTrajectory(
      testCase,
      .sgd(
        learningRate: try testCase.learningRate(),
        momentum: Float(try testCase.number("momentum", default: 0)),
        nesterov: try testCase.boolean("nesterov", default: false),
        weightDecay: try testCase.weightDecay(default: 0)))
  },
  "adam": { testCase in
    try runTrajectory(
      testCase,
      .adam(
        learningRate: try testCase.learningRate(),
        beta1: try testCase.number("beta1", default: 0.9),
        beta2: try testCase.number("beta2", default: 0.999),
        epsilon: Float(try testCase.number("epsilon", default: 1e-8)),
        weightDecay: try testCase.weightDecay(default: 0),
        amsgrad: try testCase.boolean("amsgrad", default: false)))
  },
  "adamw": { testCase in
    try runTrajectory(
      testCase,
      .adamW(
        learningRate: try testCase.learningRate(),
        beta1: try testCase.number("beta1", default: 0.9),
        beta2: try testCase.number("beta2", default: 0.999),
        epsilon: Float(try testCase.number("epsilon", default: 1e-8)),
        weightDecay: try testCase.weightDecay(default: 0.01),
        amsgrad: try testCase.boolean("amsgrad", default: false)))
  },
  "clip_global_norm": { testCase in
    try checkClipping(testCase)
  },
]

extension ReferenceCase {
  fileprivate func learningRate() throws -> LearningRateSchedule {
    .constant(Float(try number("lr")))
  }

  fileprivate func weightDecay(default fallback: Double) throws -> Float {
    let name = attribute("l2") == nil ? "weight_decay" : "l2"
    return Float(try number(name, default: fallback))
  }

  /// How many tensors there are named by the stem and 1, 2, ….
  fileprivate func count(_ stem: String) -> Int {
    var count = 0
    while has("\(stem)\(count + 1)") { count += 1 }
    return count
  }
}

/// Steps from `p0` with the gradients `g1`, `g2`, …: those of Σ p · g.
private func runTrajectory(_ testCase: ReferenceCase, _ optimizer: Optimizer) throws {
  let start = try testCase.floats("p0")
  let builder = GraphBuilder()
  // A session draws the first values itself: so each element is a variable that starts as a
  // constant.
  let p = start.enumerated().map { index, value in
    builder.variable("p\(index)", shape: [1], initializer: .constant(value))
  }
  let g = builder.placeholder("g", [.fixed(start.count)])
  let session = try Session(minimizing: sum(concatenate(p) * g), with: optimizer, batchSize: 1)
  for step in 1...testCase.count("g") {
    try session.step(["g": Tensor(shape: [start.count], testCase.floats("g\(step)"))])
    let values = try start.indices.map { try session.value(of: "p\($0)").elements[0] }
    try testCase.check("p\(step)", actual: values)
  }
}

/// One step of gradient descent from zero with the rate 1 ends at the negative of the clipped
/// gradients.
private func checkClipping(_ testCase: ReferenceCase) throws {
  let gradients = try (1...testCase.count("g")).map { try testCase.floats("g\($0)") }
  let all = gradients.flatMap { $0 }
  let count = all.count
  // The prediction of row k is weight k, so the gradient of the mean squared error is
  // 2 (weight − target) / count.
  var model = try Model(
    Dense(outputSize: 1, useBias: false, weightInitializer: .zeros), inputShape: [count])
  let batch = try Batch(
    inputs: Tensor(
      shape: [count, count], (0..<count * count).map { $0 % (count + 1) == 0 ? 1 : 0 }),
    targets: Tensor(shape: [count, 1], all.map { -$0 * Float(count) / 2 }))
  let trainer = Trainer(
    loss: .meanSquaredError, optimizer: .sgd(learningRate: 1.0),
    gradientClipNorm: Float(try testCase.number("max_norm")))
  let state = try trainer.makeState(for: model, fields: batch.fields, batchSize: count)
  let report = try trainer.step(&model, state, on: batch)
  try testCase.check("norm", actual: report.gradientNorm.map { [$0] } ?? [])
  var clipped = try model.value(of: "dense.weight").elements.map { -$0 }[...]
  for (index, gradient) in gradients.enumerated() {
    try testCase.check("c\(index + 1)", actual: Array(clipped.prefix(gradient.count)))
    clipped = clipped.dropFirst(gradient.count)
  }
}
