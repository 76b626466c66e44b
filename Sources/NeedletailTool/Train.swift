import ArgumentParser
import FilePaths
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
    let folder = arguments.output.map { URL(pathText: $0) }
    let checkpoints = arguments.checkpoints
    if folder != nil && checkpoints.areWritten {
      Interruption.watch(writesJSON: arguments.json)
    }
    if let folder {
      if checkpoints.resume {
        try RunFolder.checkNotInUse(folder)
      } else {
        try RunFolder.checkUnused(folder)
      }
    }
    let engine = try arguments.engine.start()
    let threadCount = engine.threadCount
    let options = arguments.source.reading.options(
      threadCount: threadCount, reading: arguments.reading.reading)
    let images = try OptionError.blamingOptions(input: arguments.input) {
      try LabelledImages.open(
        arguments.source.data, split: arguments.split,
        imageShape: arguments.input ?? arguments.model?.statedImageShape(),
        preferredSize: arguments.model?.preferredImageSize, classCount: arguments.classes.count,
        options: options)
    }
    images.warnings.forEach { StandardError.warn("\(arguments.source.data): \($0).") }
    let (training, validation, other) = try OptionError.blamingOptions {
      try images.trainingAndValidation(
        arguments.validation, seed: arguments.seed, options: options)
    }
    try OptionError.blamingOptions { try arguments.augment?.check(for: training.inputShape) }
    let classCount = training.classCount ?? 0
    try arguments.classes.check(classCount, of: arguments.source.data)
    other?.warnings.forEach { StandardError.warn("\(other?.source ?? ""): \($0).") }
    // Before anything that may take long: building a large network, for instance.
    if !arguments.quiet && !arguments.json {
      let facts = DataFacts(images: images, training: training, validation: validation)
      for line in facts.lines { try StandardOutput.line(line) }
      if let other, let validation {
        for fact in other.facts(of: validation) {
          try StandardOutput.line(DataFacts.line(("valid.", fact.text)))
        }
      }
    }
    let network = arguments.model ?? .preset(.standard(for: training.inputShape))
    var model = try network.model(
      inputShape: training.inputShape, classCount: classCount, maximumPixel: images.maximumPixel,
      seed: arguments.seed, engine: engine)
    model.metadata.imagePreparation = images.preparation.description
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
        arguments, images: images, network: network, training: training, validation: validation,
        threadCount: threadCount)
      return checkpoints.resume
        ? try RunFolder(
          resuming: $0, configuration: configuration, writing: checkpoints.writing)
        : try RunFolder(
          creating: $0, configuration: configuration, writing: checkpoints.writing)
    }
    if let warning = run?.warning { StandardError.warn(warning) }
    let reporter = TrainReporter(
      style: arguments.json ? .json : StandardOutput.takesLiveLines ? .live : .lines,
      isQuiet: arguments.quiet,
      facts: TrainFacts(
        images: images, training: training, validation: validation, network: network, model: model,
        engine: engine, arguments: arguments))

    var hasBegun = false
    var hasToldNotes = false
    // A training that is refused leaves nothing that would refuse the next.
    defer { if !hasBegun { run?.restore() } }
    let history: TrainingHistory
    do {
      history = try trainer.fit(
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
          // Once: all images were decoded by then, unless the epoch was resumed in its middle.
          if !hasToldNotes { DataFacts.warn(of: images.notes) }
          hasToldNotes = true
          try run?.append(epoch)
          try reporter.epochEnded(epoch)
        case .checkpointed(let report): reporter.checkpointed(report)
        case .rolledBack(let report):
          try run?.replaceHistory(report.epochs)
          try reporter.rolledBack(report)
        }
        return Interruption.answer()
      }
    } catch {
      throw reporter.ended(by: error)
    }
    Interruption.trainingEnded()
    // One that came after the last look, too: the last checkpoint is written, and a resumed training does
    // the rest.
    if history.wasStopped || Interruption.hasEnded {
      throw reporter.interrupted(by: Interruption.signalName)
    }
    do {
      try run?.save(model)
    } catch {
      throw reporter.ended(by: error, isTrained: true)
    }
    let modelPath = run?.modelURL.path
    do {
      let test = try images.testPart.map { try trainer.evaluate(model, on: $0) }
      if let test { try Evaluate.checkFinite(test, of: arguments.source.data) }
      try reporter.ended(test: test, modelPath: modelPath)
    } catch {
      throw reporter.ended(by: error, isTrained: true, model: modelPath)
    }
  }
}
