import Foundation
import Needletail
import Testing

/// Files of every version of our formats, which must be read for ever.
///
/// A new version of a format adds a file, written by the first test, and a line here; nothing is ever
/// removed.
@Suite struct GoldenFileTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  /// A training of 6 steps in 3 epochs.
  private static func train(
    _ checkpoints: Checkpointing?,
    answer: (TrainingEvent) -> TrainingAction = { _ in .continue }
  ) throws -> (model: Model, history: TrainingHistory) {
    let network = Sequential {
      Rescale(scale: 0.5)
      Dense(outputSize: 3, useBias: false)
      BatchNorm(activation: .relu)
      Dense(outputSize: 2)
    }
    var model = try Model(network, inputShape: [2], seed: 1)
    let data = try InMemoryDataset(
      inputs: Tensor(shape: [4, 2], [1, 2, 3, 4, 8, 7, 6, 5]), labels: [0, 0, 1, 1],
      classNames: ["low", "high"])
    let trainer = Trainer(
      loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 0.125), metrics: [.accuracy])
    let history = try trainer.fit(
      &model, to: data, validation: data, epochs: 3, batchSize: 2, seed: 1,
      checkpoints: checkpoints, onEvent: answer)
    return (model, history)
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["NEEDLETAIL_WRITE_GOLDEN"] != nil,
      "writes files for a new version"))
  func write() throws {
    let scratch = CheckpointTestFolder()
    let stopped = try Self.train(Checkpointing(in: scratch.url, every: .epochs(9))) { event in
      if case .stepEnded(let report, _) = event, report.step == 2 { return .checkpointAndStop }
      return .continue
    }
    let file = scratch.file("step-000000003-extra.safetensors")
    try Data(contentsOf: file).write(to: Self.folder.appendingPathComponent("checkpoint-new"))
    try stopped.model.save(to: Self.folder.appendingPathComponent("model-new"))
    for variable in stopped.model.variables {
      print(variable.name, try stopped.model.value(of: variable.name).elements)
    }
    print(stopped.history.epochs.map(\.loss))
    let whole = try Self.train(nil)
    print(whole.history.epochs.map(\.loss), whole.history.epochs.map { $0.validation?.loss ?? 0 })
  }

  /// The values after three steps, in both files.
  private static let values: [String: [Float]] = [
    "1.weight": [-0.012516379, 0.8983348, -0.82966936, -0.5310416, 0.0415759, -0.44293445],
    "2.scale": [0.72913265, 1.3439423, 1.1980627],
    "2.offset": [-0.27087143, 0.3439414, 0.19806248],
    "2.running_mean": [-0.1709637, 0.4389437, -0.8749254],
    "2.running_variance": [0.73948765, 0.85844475, 1.1252404],
    "3.weight": [0.08044513, -0.46558976, -0.7037493, 0.69518685, 0.14086626, -0.85474926],
    "3.bias": [-0.2998455, 0.29984552],
  ]

  @Test(arguments: ["model-1.safetensors", "checkpoint-1.safetensors"])
  func modelsAreRead(name: String) throws {
    let model = try Model(contentsOf: Self.folder.appendingPathComponent(name))
    #expect(model.metadata.classNames == ["low", "high"])
    #expect(model.variables.count == Self.values.count)
    for (variable, elements) in Self.values {
      #expect(try model.value(of: variable).elements == elements, "\(variable)")
    }
  }

  @Test(arguments: ["checkpoint-1.safetensors"])
  func checkpointsAreResumed(name: String) throws {
    let scratch = CheckpointTestFolder()
    try FileManager.default.createDirectory(at: scratch.url, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: Self.folder.appendingPathComponent(name),
      to: scratch.file("step-000000003-extra.safetensors"))
    var start: TrainingStart?
    let resumed = try Self.train(Checkpointing(in: scratch.url, resumes: true)) { event in
      if case .started(let found) = event { start = found }
      return .continue
    }
    let resumption = try #require(start?.resumption)
    #expect(
      resumption.checkpoint?.lastPathComponent == "step-000000003-extra.safetensors",
      "\(start?.warnings ?? [])")
    #expect(resumption.position.epoch == 2)
    #expect(resumption.position.epochStepCount == 1)
    let first = try #require(resumption.epochs.first)
    #expect(first.loss == Self.losses[0])
    #expect(first.metrics.map(\.name) == ["accuracy"])
    #expect(first.validation?.loss == Self.validationLosses[0])
    #expect(first.validation?.exampleCount == 4)
    // Other instruction sets round otherwise, most of all the one without fused multiply-adds, on
    // which the recorded training was not made.
    let bound = Processor.kernelBuild == "portable" ? 2e-4 : 1e-4
    for (epoch, loss) in zip(resumed.history.epochs, Self.losses) {
      #expect(abs(epoch.loss - loss) < bound)
    }
    for (epoch, loss) in zip(resumed.history.epochs, Self.validationLosses) {
      #expect(abs((epoch.validation?.loss ?? 9) - loss) < bound)
    }
    #expect(resumed.history.epochs.count == 3)
  }

  private static let losses = [0.4393749237060547, 1.3152509033679962, 0.2105371430516243]
  private static let validationLosses = [
    0.8701860308647156, 0.9175065755844116, 0.5605149269104004,
  ]
}
