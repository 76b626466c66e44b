import ArgumentParser
import FilePaths
import Foundation
import Needletail

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell how good a model is on labelled images.",
    discussion: """
      Evaluates on the test part where there is one, else on the whole.

      needletail evaluate --model runs/digits/model.safetensors --data digits
      """)

  @Option(help: ArgumentHelp("The model's file.", valueName: "file"))
  var model: String

  @OptionGroup var source: DataArguments

  @Option(help: "The part of the data to evaluate on: training, validation or test.")
  var split: String?

  @OptionGroup var engine: EngineArguments

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let engine = try engine.start()
    let model = try Model(contentsOf: URL(pathText: model), engine: engine)
    let preparation = try ImagePreparation(ofModel: model.metadata.imagePreparation)
    let images = try OptionError.blamingOptions {
      try LabelledImages.open(
        source.data, for: .evaluation, split: split, imageShape: model.singleInputShape(),
        classNames: model.metadata.classNames,
        options: source.reading.options(
          threadCount: engine.threadCount, reading: preparation.reading))
    }
    try images.check(preparation, isKnown: model.metadata.imagePreparation != nil)
    images.warnings.forEach { StandardError.warn("\(source.data): \($0).") }
    let (part, dataset) = try images.evaluationPart()
    let trainer = Trainer(
      loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.01), metrics: [.accuracy])
    let result = try trainer.evaluate(model, on: dataset)
    DataFacts.warn(of: images.notes)
    guard let report = result.classification else {
      throw DatasetError(
        .mismatched, at: source.data, expected: "labelled images and a model that classifies",
        found: "an output of the shape \(model.graph.outputs[0].type)",
        advice: "evaluate other models from Swift, with Trainer.evaluate")
    }
    try Self.checkFinite(result, of: source.data)
    try StandardOutput.write(
      json ? jsonText(result, report, part) : text(result, report, part, dataset, images))
  }

  /// Refuses a result that says nothing.
  static func checkFinite(_ result: EvaluationResult, of data: String) throws {
    guard !result.loss.isFinite else { return }
    throw DatasetError(
      .mismatched, at: data, expected: "finite numbers as the model's outputs",
      found: "a loss of \(result.loss)",
      advice: "check the scale of the images' numbers, or train with a smaller learning rate")
  }

  private func text(
    _ result: EvaluationResult, _ report: ClassificationReport, _ part: String,
    _ dataset: any Dataset, _ images: LabelledImages
  ) -> String {
    let shape = dataset.inputShape.dimensions.map(String.init).joined(separator: "×")
    let name = part.isEmpty ? "" : part + " "
    let facts = images.facts(of: dataset).map(DataFacts.line).joined(separator: "\n")
    return """
      data      \(source.data): \(NumberText.count(result.exampleCount, "\(name)image")) of \(shape) in \
      \(NumberText.count(report.classes.count, "class"))
      \(facts.isEmpty ? "" : facts + "\n")\
      loss      \(NumberText.loss(result.loss))
      accuracy  \(NumberText.percent(report.accuracy))

      \(report)
      \(confusionText(report.confusion))
      """
  }

  /// The matrix, where it can be looked at.
  private func confusionText(_ confusion: ConfusionMatrix) -> String {
    confusion.classCount <= 25
      ? "\(confusion)"
      : "The confusion matrix of \(confusion.classCount) classes is wide: --json prints it.\n"
  }

  private func jsonText(
    _ result: EvaluationResult, _ report: ClassificationReport, _ part: String
  ) -> String {
    func averages(_ values: ClassificationReport.Averages) -> JSONValue {
      .object([
        "precision": .finite(values.precision), "recall": .finite(values.recall),
        "f1": .finite(values.f1),
      ])
    }
    let classes = report.classes.map { scores in
      JSONValue.object([
        "name": .string(scores.name), "precision": .finite(scores.precision),
        "recall": .finite(scores.recall), "f1": .finite(scores.f1),
        "support": .integer(scores.support),
      ])
    }
    let confusion = report.classes.indices.map { label in
      JSONValue.array(
        report.classes.indices.map {
          .integer(report.confusion[label: label, prediction: $0])
        })
    }
    let object: JSONObject = [
      "data": .string(source.data), "split": part.isEmpty ? .null : .string(part),
      "examples": .integer(result.exampleCount), "loss": .finite(result.loss),
      "accuracy": .finite(report.accuracy), "classes": .array(classes),
      "confusion": .array(confusion), "macro": averages(report.macro),
      "weighted": averages(report.weighted),
      "balanced_accuracy": .finite(report.balancedAccuracy),
      "matthews": .finite(report.matthews), "cohen_kappa": .finite(report.cohenKappa),
    ]
    return JSONValue.object(object).canonicalText + "\n"
  }
}
