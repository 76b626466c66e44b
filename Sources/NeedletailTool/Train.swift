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
    let checkpoints = arguments.checkpoints
    if let folder {
      if checkpoints.resume {
        try RunFolder.checkNotInUse(folder)
      } else {
        try RunFolder.checkUnused(folder)
      }
      if checkpoints.areWritten { Interruption.watch() }
    }
    let engine = try arguments.engine.start()
    let threadCount = engine.threadBudget.threadCount
    let images = try LabelledImages.open(
      arguments.data, split: arguments.split, imageShape: arguments.input,
      classCount: arguments.classes, transpose: arguments.form.transpose,
      cifarLabels: arguments.form.cifarLabels, threadCount: threadCount)
    images.warnings.forEach { StandardError.warn("\(arguments.data): \($0).") }
    let (training, validation) = try images.trainingAndValidation(
      arguments.validation, seed: arguments.seed, threadCount: threadCount)
    let classCount = training.classCount ?? 0
    if let wanted = arguments.classes, wanted != classCount {
      throw DatasetError(
        .mismatched, at: arguments.data, expected: "\(wanted) classes", found: "\(classCount)",
        advice: "leave the number of classes out, or use other data")
    }
    if let labels = training.labels, let label = labels.first, Set(labels).count == 1 {
      let name = training.classNames.map { $0[Int(label)] } ?? "\(label)"
      throw DatasetError(
        .mismatched, at: arguments.data, expected: "images of two classes or more to train on",
        found: "images of the class \(name) only", advice: "check which folder or files were meant")
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
      let configuration = TrainConfiguration(
        arguments, network: network, training: training, validation: validation,
        threadCount: threadCount)
      return checkpoints.resume
        ? try RunFolder(resuming: $0, configuration: configuration)
        : try RunFolder(creating: $0, configuration: configuration)
    }
    if let warning = run?.warning { StandardError.warn(warning) }
    let reporter = TrainReporter(
      style: arguments.json ? .json : StandardOutput.isTerminal ? .live : .lines,
      isQuiet: arguments.quiet,
      facts: TrainFacts(
        images: images, training: training, validation: validation, network: network, model: model,
        engine: engine, arguments: arguments))

    var lastCheckpoint: CheckpointReport?
    var hasBegun = false
    // A training that is refused leaves nothing that would refuse the next.
    defer { if !hasBegun { run?.restore() } }
    let history = try trainer.fit(
      &model, to: training, validation: validation, epochs: arguments.epochs,
      batchSize: arguments.batch, seed: arguments.seed,
      augmentation: arguments.augment,
      checkpoints: run.flatMap { checkpoints.options(in: $0.checkpointsURL) }
    ) { event in
      switch event {
      case .started(let start):
        start.warnings.filter { $0 != run?.warning }.forEach(StandardError.warn)
        if let resumption = start.resumption { try run?.replaceHistory(resumption.epochs) }
        try reporter.started(start)
        hasBegun = true
        Interruption.trainingBegins()
      case .stepEnded(_, let progress): try reporter.stepEnded(progress)
      case .validationStepEnded: break
      case .epochEnded(let epoch):
        try run?.append(epoch)
        try reporter.epochEnded(epoch)
      case .checkpointed(let report): lastCheckpoint = report
      case .rolledBack(let report):
        try run?.replaceHistory(report.epochs)
        try reporter.rolledBack(report)
      }
      return Interruption.answer()
    }
    Interruption.trainingEnded()
    if history.wasStopped {
      try reporter.interrupted(by: Interruption.signalName, lastCheckpoint)
      throw ExitCode(ExitStatus.tryAgain.rawValue)
    }
    try run?.save(model)
    let test = try images.testPart.map { try trainer.evaluate(model, on: $0) }
    try reporter.ended(test: test, modelPath: run?.modelURL.path)
  }
}
