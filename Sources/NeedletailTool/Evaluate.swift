import ArgumentParser
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

  @Option(help: dataHelp)
  var data: String

  @Option(help: "The part of the data to evaluate on: training, validation or test.")
  var split: String?

  @OptionGroup var form: DataFormArguments

  @OptionGroup var engine: EngineArguments

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let engine = try engine.start()
    let model = try Model(contentsOf: URL(fileURLWithPath: model), engine: engine)
    let images = try LabelledImages.open(
      data, split: split, imageShape: model.singleInputShape(),
      classNames: model.metadata.classNames, transpose: form.transpose,
      cifarLabels: form.cifarLabels, threadCount: engine.threadBudget.threadCount)
    images.warnings.forEach { StandardError.warn("\(data): \($0).") }
    let (part, dataset) = try images.evaluationPart()
    let trainer = Trainer(
      loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.01), metrics: [.accuracy])
    let result = try trainer.evaluate(model, on: dataset)
    guard let report = result.classification else {
      throw DatasetError(
        .mismatched, at: data, expected: "labelled images and a model that classifies",
        found: "an output of the shape \(model.graph.outputs[0].type)",
        advice: "evaluate other models from Swift, with Trainer.evaluate")
    }
    guard result.loss.isFinite else {
      throw DatasetError(
        .mismatched, at: data, expected: "finite numbers as the model's outputs",
        found: "a loss of \(result.loss)", advice: "check the scale of the images' numbers")
    }
    try StandardOutput.write(
      json ? jsonText(result, report, part) : text(result, report, part, dataset))
  }

  private func text(
    _ result: EvaluationResult, _ report: ClassificationReport, _ part: String,
    _ dataset: any Dataset
  ) -> String {
    let shape = dataset.inputShape.dimensions.map(String.init).joined(separator: "×")
    let name = part.isEmpty ? "" : part + " "
    return """
      data      \(data): \(NumberText.count(result.exampleCount, "\(name)image")) of \(shape) in \
      \(NumberText.count(report.classes.count, "class"))
      loss      \(fixed(result.loss))
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
      "data": .string(data), "split": part.isEmpty ? .null : .string(part),
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
