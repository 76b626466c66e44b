import ArgumentParser
import Foundation
import Needletail

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network on labelled images.",
    discussion: """
      needletail train --data digits --output runs/digits
      needletail train --data mnist --model lenet5 --validation 0.1
      """)

  @OptionGroup var arguments: TrainArguments

  func run() throws {
    let folder = arguments.output.map { URL(fileURLWithPath: $0) }
    if let folder { try RunFolder.checkUnused(folder) }
    let engine = try arguments.engine.start()
    let threadCount = engine.threadBudget.threadCount
    let images = try LabelledImages.open(
      arguments.data, split: arguments.split, imageShape: arguments.input, threadCount: threadCount)
    let (training, validation) = try images.trainingAndValidation(
      arguments.validation, seed: arguments.seed, threadCount: threadCount)
    let classCount = training.classCount ?? 0
    if let wanted = arguments.classes, wanted != classCount {
      throw DatasetError(
        .mismatched, at: arguments.data, expected: "\(wanted) classes", found: "\(classCount)",
        advice: "leave the number of classes out, or use other data")
    }
    let network = arguments.model ?? .preset(.standard(for: training.inputShape))
    var model = try network.model(
      inputShape: training.inputShape, classCount: classCount, maximumPixel: images.maximumPixel,
      seed: arguments.seed, engine: engine)
    let trainer = Trainer(
      loss: .softmaxCrossEntropy,
      optimizer: arguments.optimizer.optimizer(
        learningRate: arguments.schedule.schedule(
          learningRate: arguments.rate, epochs: arguments.epochs,
          stepsPerEpoch: (training.count + arguments.batch - 1) / arguments.batch,
          warmUpEpochs: arguments.warmUp)),
      metrics: [.accuracy])
    let run = try folder.map {
      try RunFolder(
        creating: $0,
        configuration: TrainConfiguration(
          arguments, network: network, training: training, validation: validation,
          threadCount: threadCount))
    }
    let reporter = TrainReporter(
      style: arguments.json ? .json : StandardOutput.isTerminal ? .live : .lines,
      isQuiet: arguments.quiet,
      facts: TrainFacts(
        images: images, training: training, validation: validation, network: network, model: model,
        engine: engine, arguments: arguments))

    try trainer.fit(
      &model, to: training, validation: validation, epochs: arguments.epochs,
      batchSize: arguments.batch, seed: arguments.seed
    ) { event in
      switch event {
      case .started(let start):
        try reporter.started(start)
      case .stepEnded(let step, let progress):
        try step.checkFinite()
        try reporter.stepEnded(progress)
      case .epochEnded(let epoch):
        try run?.append(epoch)
        try reporter.epochEnded(epoch)
      }
      return .continue
    }
    try run?.save(model)
    let test = try images.testPart.map { try trainer.evaluate(model, on: $0) }
    try reporter.ended(test: test, modelPath: run?.modelURL.path)
  }
}
