import ArgumentParser
import Evaluation
import Needletail

/// Which models are measured, and how.
struct BenchModelArguments: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The networks: presets, or YAML or JSON files.",
      discussion: "Presets: \(Preset.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "preset|file"), transform: NetworkSource.init)
  var model: [NetworkSource]

  @Option(
    help: ArgumentHelp(
      """
      The shape of an example; network files may state another one. (default: the preset's, or that of the \
      file)
      """, valueName: "height x width x channels"), transform: Shape.init(option:))
  var input: Shape?

  @Option(
    help: "How many images a step takes. (default: 32)", transform: OptionNumber.benchmarkBatch)
  var batch = 32

  @Option(
    help: "How many seconds to measure each network. (default: 5)", transform: OptionNumber.seconds)
  var seconds = 5.0

  @Option(help: "Decides weights and images. (default: 0)", transform: OptionNumber.seed)
  var seed: UInt64 = 0

  @OptionGroup var common: BenchArguments

  mutating func validate() throws {
    guard !model.isEmpty else {
      throw OptionError("--model", expected: "networks, as in --model mnist-cnn", found: "none")
    }
  }
}

struct BenchTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Measure whole training steps.",
    discussion: """
      Prediction, gradients and Adam's update, again and again on one batch of made-up images.

      needletail bench train --model mnist-cnn cifar-cnn --batch 128
      """)

  @OptionGroup var arguments: BenchModelArguments

  func run() throws {
    try BenchModels(arguments, kind: "train").run { model in
      var benchmark = try TrainingBenchmark(
        model, batch: arguments.batch, seed: arguments.seed)
      return (
        try benchmark.measure(seconds: arguments.seconds), benchmark.memory.byteCount
      )
    }
  }
}

struct BenchInfer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer",
    abstract: "Measure predictions.",
    discussion: """
      From images in memory to logits, as a program gets them by model(images).

      needletail bench infer --model resnet18 --batch 1
      """)

  @OptionGroup var arguments: BenchModelArguments

  func run() throws {
    try BenchModels(arguments, kind: "infer").run { model in
      let benchmark = try InferenceBenchmark(
        model, batch: arguments.batch, seed: arguments.seed)
      return (try benchmark.measure(seconds: arguments.seconds), nil)
    }
  }
}

/// Measures models one after the other and prints what was found.
private struct BenchModels {
  let arguments: BenchModelArguments
  let kind: String

  init(_ arguments: BenchModelArguments, kind: String) {
    self.arguments = arguments
    self.kind = kind
  }

  func run(_ measure: (Model) throws -> (StepSpeed, plannedBytes: Int?)) throws {
    let engine = try arguments.common.engine.start()
    let peak = ProcessorPeak(measuringOn: engine)
    var table = TextTable(header: [
      "model", "batch", "images/s", "best", "ms/step", "GFLOP/s", "of peak", "memory",
    ])
    for source in arguments.model {
      let model = try source.model(input: arguments.input, seed: arguments.seed, engine: engine)
      let (speed, plannedBytes) = try measure(model)
      let memory = ProcessMemory.peakByteCount
      if arguments.common.output.json {
        var object = object(source, speed, peak)
        object["peak_memory_bytes"] = .integer(memory)
        object["parameters"] = .integer(model.parameterCount)
        if let plannedBytes { object["planned_memory_bytes"] = .integer(plannedBytes) }
        try StandardOutput.line(JSONValue.object(object).canonicalText)
      }
      table.add([
        source.description, "\(speed.batch)", BenchText.rate(speed.examplesPerSecondMedian),
        BenchText.rate(speed.examplesPerSecondBest),
        BenchText.milliseconds(speed.timing.median),
        NumberText.decimal(speed.gigaflopsPerSecond, 1),
        BenchText.percent(speed.gigaflopsPerSecond / peak.gigaflopsPerSecond),
        NumberText.megabytes(memory),
      ])
    }
    guard !arguments.common.output.json else { return }
    try StandardOutput.line(
      "\(NumberText.count(peak.threadCount, "thread")), \(Processor.kernelBuild), peak "
        + "\(NumberText.decimal(peak.gigaflopsPerSecond, 1)) GFLOP/s, convolution "
        + arguments.common.convolutionName)
    try StandardOutput.write(table.text)
  }

  private func object(
    _ source: NetworkSource, _ speed: StepSpeed, _ peak: ProcessorPeak
  ) -> JSONObject {
    [
      "kind": .string(kind), "model": .string(source.description),
      "batch": .integer(speed.batch), "threads": .integer(peak.threadCount),
      "steps": .integer(speed.timing.stepCount), "seconds": .finite(speed.timing.seconds),
      "windows": .integer(speed.timing.windowCount),
      "images_per_second_best": .finite(speed.examplesPerSecondBest),
      "images_per_second_median": .finite(speed.examplesPerSecondMedian),
      "step_milliseconds_best": .finite(speed.timing.best * 1e3),
      "step_milliseconds_median": .finite(speed.timing.median * 1e3),
      "flops_per_step": .finite(speed.operations),
      "gflops_median": .finite(speed.gigaflopsPerSecond),
      "peak_gflops": .finite(peak.gigaflopsPerSecond),
      "peak_fraction": .finite(speed.gigaflopsPerSecond / peak.gigaflopsPerSecond),
      "isa": .string(Processor.kernelBuild),
      "convolution": .string(arguments.common.convolutionName),
      "seed": .integer(Int(truncatingIfNeeded: arguments.seed)),
    ]
  }
}
