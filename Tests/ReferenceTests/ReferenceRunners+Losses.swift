import Graphs
import Tensors
import TestSupport

/// Losses, through graphs and plans.
let lossRunners: [String: ReferenceRunner] = [
  "sparse_softmax_cross_entropy": { testCase in
    let settings = try CrossEntropySettings(testCase)
    try runLoss(testCase, "logits", targets: "labels", areLabels: true) {
      softmaxCrossEntropyLoss(
        logits: $0, targets: $1, labelSmoothing: settings.smoothing, classWeights: settings.weights)
    }
  },
  "softmax_cross_entropy": { testCase in
    let settings = try CrossEntropySettings(testCase)
    try runLoss(testCase, "logits", targets: "targets") {
      softmaxCrossEntropyLoss(
        logits: $0, targets: $1, labelSmoothing: settings.smoothing, classWeights: settings.weights)
    }
  },
  "sigmoid_binary_cross_entropy": { testCase in
    try runLoss(testCase, "logits", targets: "targets") {
      binaryCrossEntropyLoss(logits: $0, targets: $1)
    }
  },
  "mean_squared_error": { testCase in
    try runLoss(testCase, "prediction", targets: "target") {
      meanSquaredErrorLoss(prediction: $0, targets: $1)
    }
  },
  "mean_absolute_error": { testCase in
    try runLoss(testCase, "prediction", targets: "target") {
      meanAbsoluteErrorLoss(prediction: $0, targets: $1)
    }
  },
  "huber": { testCase in
    let delta = Float(try testCase.number("delta", default: 1))
    try runLoss(testCase, "prediction", targets: "target") {
      huberLoss(prediction: $0, targets: $1, delta: delta)
    }
  },
]

private struct CrossEntropySettings {
  let smoothing: Float
  let weights: [Float]

  init(_ testCase: ReferenceCase) throws {
    smoothing = Float(try testCase.number("label_smoothing", default: 0))
    weights = testCase.has("class_weights") ? try testCase.floats("class_weights") : []
    let reduction = try testCase.string("reduction", default: "mean")
    guard ["mean", "sum(w*l)/sum(w)"].contains(reduction) else {
      throw ReferenceSkip("losses reduced by \(reduction)")
    }
  }
}

/// Checks the loss and its gradient, with the predictions as a variable and then as a value that is
/// computed from a batch.
private func runLoss(
  _ testCase: ReferenceCase, _ prediction: String, targets: String, areLabels: Bool = false,
  _ loss: (Node, Node) -> Node
) throws {
  let shape = try testCase.shape(prediction)
  let targetShape = try testCase.shape(targets)
  for isBatched in [false, true] {
    let builder = GraphBuilder()
    func input(_ name: String, _ shape: Shape, _ type: ElementType = .float32) -> Node {
      let dimensions = shape.dimensions.map { Dimension.fixed($0) }
      return builder.placeholder(
        name, isBatched ? [.batch] + dimensions.dropFirst() : dimensions, elementType: type)
    }
    let variable = builder.variable("prediction", shape: shape)
    let target = input("targets", targetShape, areLabels ? .int32 : .float32)
    // A batch, and nothing else: one for every example, from which the gradients of the examples
    // are told apart by the variable.
    let predicted: Node
    if isBatched {
      let rows = input("rows", [shape[0], shape[0]])
      let columns = shape.count / shape[0]
      predicted = matmul(rows, variable.reshaped(to: [shape[0], columns]))
        .reshaped(to: Shape(Array(shape.dimensions.dropFirst())))
    } else {
      predicted = variable
    }
    let run = try GraphRun(
      [], loss: loss(predicted, target), maximumBatch: shape[0] + 1,
      threadCount: isBatched ? 3 : 1)
    run.setValue(try testCase.floats(prediction), of: "prediction")
    if areLabels {
      run.feed("targets", integers: try testCase.integers(targets).map { Int32($0) })
    } else {
      run.feed("targets", try testCase.floats(targets))
    }
    if isBatched {
      run.feed("rows", (0..<shape[0] * shape[0]).map { $0 % (shape[0] + 1) == 0 ? 1 : 0 })
    }
    run.run(batch: shape[0])
    try testCase.check("loss", actual: [run.loss])
    if testCase.has("d_\(prediction)") {
      try testCase.check(
        "d_\(prediction)", actual: run.gradient(of: "prediction"), shape: shape)
    }
  }
}
