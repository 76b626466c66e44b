import Foundation
import Needletail

/// Whole trainings of small networks in which everything occurs that a training depends on.
enum GoldenTrainings {
  static let cases: [GoldenCase] =
    optimizers.map { name, optimizer in
      GoldenCase(name: "digits, \(name)") { try digits(optimizer) }
    }
    + [nil, 1, 5, 9].map { step in
      GoldenCase(name: "checkpoint \(step.map { "of step \($0)" } ?? "at the end")") {
        try checkpoint(stoppedAfter: step)
      }
    }
    + ConvolutionAlgorithm.allCases.filter { $0 != .im2row }.map { algorithm in
      // im2row is OpenBLAS' work, whose bits depend on the processor.
      GoldenCase(name: "convolutions, \(algorithm.rawValue)") {
        try convolutions(algorithm)
      }
    }
    + [
      GoldenCase(name: "shared weights") { try sharedWeights() },
      GoldenCase(name: "two inputs, two outputs") { try twoInputs() },
      GoldenCase(name: "regression, huber") { try regression(.huber(delta: 0.5)) },
      GoldenCase(name: "regression, absolute") { try regression(.meanAbsoluteError) },
      GoldenCase(name: "regression, squared") { try regression(.meanSquaredError) },
      GoldenCase(name: "regression, binary cross-entropy") { try regression(.binaryCrossEntropy) },
      GoldenCase(name: "session") { try session() },
      GoldenCase(name: "session, two outputs in the loss") { try sessionOfTwoOutputs() },
    ]

  private static let optimizers: [(String, Optimizer)] = [
    ("sgd", .sgd(learningRate: 0.05)),
    (
      "nesterov",
      .sgd(learningRate: 0.02, momentum: 0.9, nesterov: true, weightDecay: 1e-4)
    ),
    ("adam", .adam(learningRate: .cosine(from: 3e-3, steps: 40).warmedUp(steps: 4))),
    ("amsgrad", .adam(learningRate: 2e-3, amsgrad: true)),
    ("adamw", .adamW(learningRate: .step(from: 5e-3, every: 7))),
  ]

  private static func engine(_ convolution: ConvolutionAlgorithm? = nil) throws -> Engine {
    try Engine(options: EngineOptions(threadCount: 2, convolution: convolution))
  }

  private static func data() throws -> (training: SubsetDataset, validation: SubsetDataset) {
    let digits = try Digits.load()
    return (
      try SubsetDataset(digits.training, indices: Array(0..<310)),
      try SubsetDataset(digits.test, indices: Array(0..<100))
    )
  }

  private static func network() -> Sequential {
    Sequential {
      Rescale(scale: 1 / 16)
      Conv2D(outputChannels: 8, kernelSize: 3, padding: .same, useBias: false)
      BatchNorm(activation: .relu)
      Residual(activation: .relu) {
        Conv2D(outputChannels: 8, kernelSize: 3, padding: .same, useBias: false)
        BatchNorm()
      }
      Conv2D(outputChannels: 16, kernelSize: 3, padding: .same, activation: .relu)
      MaxPool2D()
      Dropout(rate: 0.3)
      Flatten()
      Dense(outputSize: 32, activation: .tanh)
      Dense(outputSize: 10)
    }
  }

  private static func digits(_ optimizer: Optimizer) throws -> GoldenResult {
    let (training, validation) = try data()
    var model = try Model(network(), inputShape: [8, 8, 1], seed: 3, engine: engine())
    let history = try Trainer(
      loss: .softmaxCrossEntropy(labelSmoothing: 0.05), optimizer: optimizer,
      metrics: [.accuracy, .topK(3)], gradientClipNorm: 4
    ).fit(
      &model, to: training, validation: validation, epochs: 2, batchSize: 48, seed: 3,
      augmentation: Augmentation(horizontalFlip: true, shift: 1))
    var recorder = GoldenRecorder()
    try recorder.add(model)
    recorder.add(history)
    return recorder.result
  }

  /// The checkpoint of a training that stopped in the middle of an epoch.
  private static func checkpoint(stoppedAfter step: Int?) throws -> GoldenResult {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("needletail-golden-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let (training, validation) = try data()
    var model = try Model(network(), inputShape: [8, 8, 1], seed: 6, engine: engine())
    var newest: URL?
    let history = try Trainer(
      loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3), metrics: [.accuracy]
    ).fit(
      &model, to: training, validation: validation, epochs: 2, batchSize: 64, seed: 6,
      checkpoints: Checkpointing(in: folder)
    ) { event in
      switch event {
      case .checkpointed(let report): newest = report.url
      case .stepEnded(let report, _) where report.step + 1 == step: return .checkpointAndStop
      default: break
      }
      return .continue
    }
    var recorder = GoldenRecorder()
    recorder.add(history)
    guard let newest else { throw GoldenError("no checkpoint was written") }
    try recorder.add(contentsOf: newest)
    return recorder.result
  }

  private static func convolutions(_ algorithm: ConvolutionAlgorithm) throws -> GoldenResult {
    let network = Sequential {
      Conv2D(outputChannels: 16, kernelSize: 3, padding: .same, activation: .relu)
      Conv2D(outputChannels: 16, kernelSize: 3, padding: .same, groups: 16)
      Conv2D(outputChannels: 24, kernelSize: 1)
      Conv2D(outputChannels: 17, kernelSize: 3, padding: .same, activation: .relu)
      MaxPool2D()
      Conv2D(outputChannels: 20, kernelSize: 3, strides: 2, padding: .same)
      BatchNorm(activation: .relu)
      Flatten()
      Dense(outputSize: 10)
    }
    let (training, _) = try data()
    var model = try Model(network, inputShape: [8, 8, 1], seed: 8, engine: engine(algorithm))
    let history = try Trainer(
      loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.002, momentum: 0.9),
      metrics: [.accuracy]
    ).fit(&model, to: training, epochs: 1, batchSize: 50, seed: 8)
    var recorder = GoldenRecorder()
    try recorder.add(model)
    recorder.add(history)
    return recorder.result
  }

  private static func numbers(_ shape: Shape, seed: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed, purpose: .synthesis)
    return Tensor(
      shape: shape, (0..<shape.count).map { _ in 2 * stream.nextUniform() - 1 })
  }

  /// One dense layer used three times, one convolution twice.
  private static func sharedWeights() throws -> GoldenResult {
    let (convolution, dense) = (
      Conv2D(outputChannels: 4, kernelSize: 3, padding: .same, activation: .relu),
      Dense(outputSize: 16, activation: .tanh)
    )
    let (neck, head) = (Dense(outputSize: 16), Dense(outputSize: 2))
    let shape: Shape = [6, 6, 4]
    var model = try Model(
      inputs: [ModelInput("input", shape: shape)], seed: 2, engine: engine()
    ) { inputs in
      let features = neck(convolution(convolution(inputs[0])).reshaped(to: [144]))
      return [("output", head(dense(dense(dense(features)))))]
    }
    let data = try InMemoryDataset(
      inputs: numbers([60, 6, 6, 4], seed: 20), targets: numbers([60, 2], seed: 21))
    let history = try Trainer(loss: .meanSquaredError, optimizer: .adam(learningRate: 1e-2))
      .fit(&model, to: data, epochs: 3, batchSize: 16, seed: 2)
    var recorder = GoldenRecorder()
    try recorder.add(model)
    recorder.add(history)
    return recorder.result
  }

  private static func twoInputs() throws -> GoldenResult {
    let tower = Dense(outputSize: 12, activation: .relu)
    let (same, other) = (Dense(outputSize: 1), Dense(outputSize: 3))
    var model = try Model(
      inputs: [ModelInput("left", shape: [5]), ModelInput("right", shape: [5])], seed: 9,
      engine: engine()
    ) { inputs in
      let (left, right) = (tower(inputs[0]), tower(inputs[1]))
      return [
        ("same", same(square(left - right))), ("other", other(concatenate([left, right]))),
      ]
    }
    let data = try InMemoryDataset(values: [
      .floats("left", numbers([50, 5], seed: 30)), .floats("right", numbers([50, 5], seed: 31)),
      .floats("target", numbers([50, 1], seed: 32)),
    ])
    let history = try Trainer(
      loss: .meanSquaredError, optimizer: .sgd(learningRate: 0.05), metrics: [.meanAbsoluteError]
    ).fit(&model, to: data, validation: data, epochs: 3, batchSize: 12, seed: 9)
    var recorder = GoldenRecorder()
    try recorder.add(model)
    recorder.add(history)
    let outputs = try model.predict([
      "left": numbers([7, 5], seed: 33), "right": numbers([7, 5], seed: 34),
    ])
    for (name, tensor) in outputs.sorted(by: { $0.key < $1.key }) {
      recorder.add(name, tensor.elements)
    }
    return recorder.result
  }

  private static func regression(_ loss: Loss) throws -> GoldenResult {
    let network = Sequential {
      Dense(outputSize: 24, activation: .gelu)
      Dropout(rate: 0.2)
      Dense(outputSize: 24, activation: .silu)
      Dense(outputSize: 3)
    }
    var model = try Model(network, inputShape: [7], seed: 4, engine: engine())
    let data = try InMemoryDataset(
      inputs: numbers([70, 7], seed: 40), targets: numbers([70, 3], seed: 41))
    let history = try Trainer(loss: loss, optimizer: .adam(learningRate: 5e-3)).fit(
      &model, to: data, validation: data, epochs: 3, batchSize: 16, seed: 4)
    var recorder = GoldenRecorder()
    try recorder.add(model)
    recorder.add(history)
    return recorder.result
  }

  private static func session() throws -> GoldenResult {
    let graph = GraphBuilder()
    let x = graph.placeholder("x", [.batch, 6])
    let y = graph.placeholder("y", [.batch], elementType: .int32)
    let w = graph.variable("w", shape: [6, 4])
    let b = graph.variable("b", shape: [4], initializer: .zeros)
    let hidden = dropout(relu(matmul(x, w) + b), rate: 0.25)
    let logits = matmul(hidden, graph.variable("v", shape: [4, 3]))
    let session = try Session(
      minimizing: softmaxCrossEntropyLoss(logits: logits, targets: y),
      with: .adam(learningRate: 1e-2), batchSize: 8, seed: 5, engine: engine())
    var recorder = GoldenRecorder()
    for step in 0..<6 {
      let count = step == 5 ? 3 : 8
      recorder.add(
        Double(
          try session.step(
            ["x": numbers(Shape([count, 6]), seed: 50 + UInt64(step))],
            labels: ["y": (0..<count).map { Int32(($0 + step) % 3) }])))
    }
    try recorder.add(session.model)
    return recorder.result
  }

  private static func sessionOfTwoOutputs() throws -> GoldenResult {
    let graph = GraphBuilder()
    let x = graph.placeholder("x", [.batch, 5])
    let (y, z) = (graph.placeholder("y", [.batch, 2]), graph.placeholder("z", [.batch, 1]))
    let trunk = sigmoid(matmul(x, graph.variable("trunk", shape: [5, 8])))
    let first = matmul(trunk, graph.variable("first", shape: [8, 2]))
    let second = matmul(trunk, graph.variable("second", shape: [8, 1]))
    let session = try Session(
      minimizing: mean(square(first - y)) + 0.3 * mean(absoluteValue(second - z)),
      with: .sgd(learningRate: 0.1, momentum: 0.5), batchSize: 9, seed: 6, engine: engine())
    var recorder = GoldenRecorder()
    for step in 0..<5 {
      recorder.add(
        Double(
          try session.step([
            "x": numbers([9, 5], seed: 60 + UInt64(step)),
            "y": numbers([9, 2], seed: 70 + UInt64(step)),
            "z": numbers([9, 1], seed: 80 + UInt64(step)),
          ])))
    }
    try recorder.add(session.model)
    return recorder.result
  }
}

struct GoldenError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
