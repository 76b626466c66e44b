import ArgumentParser
import FilePaths
import Foundation
import Needletail

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the layers of a model, a network file or a preset.",
    discussion: """
      needletail inspect resnet18
      needletail inspect mlp --input 28x28x1 --classes 26
      needletail inspect runs/digits/model.safetensors
      """)

  @Argument(
    help: ArgumentHelp(
      "A model's file, a YAML or JSON network file, or a preset.",
      discussion: "Presets: \(Preset.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "file|preset"))
  var name: String

  @Option(
    help: ArgumentHelp(
      "The shape of an example, for presets and network files.",
      valueName: "height x width x channels"), transform: Shape.init(option:))
  var input: Shape?

  @Option(
    help: "The number of classes, for presets and network files. (default: the preset's, or 10)",
    transform: OptionNumber.whole(2...1_000_000))
  var classes: Int?

  @OptionGroup var convolution: ConvolutionArguments

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let model = try openModel()
    let summary = model.summary
    try StandardOutput.line(
      json ? JSONValue.object(object(model, summary)).canonicalText : text(model, summary))
  }

  private func openModel() throws -> Model {
    let engine = try Engine(options: EngineOptions(convolution: convolution.algorithm))
    guard let source = NetworkSource(named: name) else {
      guard input == nil, classes == nil else {
        throw OptionError(
          input == nil ? "--classes" : "--input", expected: "a preset or a network file",
          found: "the model in \(name), which has its own")
      }
      return try Model(contentsOf: URL(pathText: name), engine: engine)
    }
    return try source.model(input: input, classCount: classes, engine: engine)
  }

  private func text(_ model: Model, _ summary: ModelSummary) -> String {
    let inputs = model.graph.inputs.map { "\($0.type.fixedShape)" }.joined(separator: ", ")
    let classes = model.metadata.classNames.map { names in
      let shown = names.prefix(20).joined(separator: ", ")
      return "\nclasses     \(names.count): \(shown)\(names.count > 20 ? ", …" : "")"
    }
    return """
      network     \(model.metadata.name ?? name)
      input       \(inputs)\(classes ?? "")

      \(summary)

      parameters  \(NumberText.grouped(summary.parameterCount)), and \
      \(NumberText.grouped(summary.statisticCount)) statistics: \
      \(NumberText.megabytes(summary.parameterByteCount))
      forward     \(NumberText.decimal(Double(summary.floatOperations) / 1e6, 3)) MFLOP an example
      """
  }

  private func object(_ model: Model, _ summary: ModelSummary) -> JSONObject {
    let layers = summary.rows.map { row in
      JSONValue.object([
        "path": .string(row.path), "kind": .string(row.kind),
        "output_shape": .array(row.outputShape.map(JSONValue.integer)),
        "parameters": .integer(row.parameterCount), "flops": .integer(row.floatOperations),
        "bytes": .integer(row.byteCount),
        "convolution": row.convolution.map { .string($0.rawValue) } ?? .null,
      ])
    }
    var object: JSONObject = [
      "name": .string(model.metadata.name ?? name),
      "inputs": .array(
        model.graph.inputs.map { .array($0.type.fixedShape.dimensions.map(JSONValue.integer)) }),
      "layers": .array(layers), "parameters": .integer(summary.parameterCount),
      "statistics": .integer(summary.statisticCount), "flops": .integer(summary.floatOperations),
      "parameter_bytes": .integer(summary.parameterByteCount),
    ]
    if let names = model.metadata.classNames {
      object["classes"] = .array(names.map(JSONValue.string))
    }
    return object
  }
}
