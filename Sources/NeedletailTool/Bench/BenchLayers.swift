import ArgumentParser
import Evaluation
import Needletail

struct BenchLayers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers",
    abstract: "Show where the time of a training step goes.",
    discussion: """
      The layers' forward and backward passes, the optimizer and the rest. What is fused counts for \
      the layer that takes it in: activations, often maxima.

      needletail bench layers --model resnet18 --batch 32
      """)

  @OptionGroup var arguments: BenchModelArguments

  func run() throws {
    let engine = try arguments.common.engine.start()
    let peak = ProcessorPeak(measuringOn: engine)
    for source in arguments.model {
      let model = try source.model(input: arguments.input, seed: arguments.seed, engine: engine)
      var benchmark = try LayerBenchmark(model, batch: arguments.batch, seed: arguments.seed)
      let report = try benchmark.measure(seconds: arguments.seconds)
      if arguments.common.output.json {
        for object in objects(source, report, engine, peak) {
          try StandardOutput.line(JSONValue.object(object).canonicalText)
        }
      } else {
        try StandardOutput.write(text(source, report, engine, peak))
      }
    }
  }

  private func text(
    _ source: NetworkSource, _ report: LayerReport, _ engine: Engine, _ peak: ProcessorPeak
  ) -> String {
    var table = TextTable(header: [
      "layer", "kind", "convolution", "forward ms", "backward ms", "share", "forward GFLOP/s",
      "backward GFLOP/s",
    ])
    func share(_ mean: Double) -> String { BenchText.percent(mean / report.step.mean) }
    func gigaflops(_ operations: Double, _ times: SampleStatistics) -> String {
      operations > 0 && times.median > 0
        ? NumberText.decimal(operations / times.median / 1e9, 1) : ""
    }
    for layer in report.layers {
      table.add([
        layer.path, layer.kind, layer.convolution?.rawValue ?? "",
        BenchText.milliseconds(layer.forward.median),
        BenchText.milliseconds(layer.backward.median),
        share(layer.forward.mean + layer.backward.mean),
        gigaflops(layer.forwardOperations, layer.forward),
        gigaflops(layer.backwardOperations, layer.backward),
      ])
    }
    let (forward, backward) = report.layers.reduce(into: (0.0, 0.0)) { sums, layer in
      sums.0 += layer.forward.median
      sums.1 += layer.backward.median
    }
    table.add([
      "layers", "", "", BenchText.milliseconds(forward), BenchText.milliseconds(backward),
      share(report.step.mean - report.optimizer.mean - report.restMean), "", "",
    ])
    table.add([
      "optimizer", "adam", "", "", BenchText.milliseconds(report.optimizer.median),
      share(report.optimizer.mean), "", "",
    ])
    table.add([
      "rest", "", "", "", BenchText.milliseconds(report.restMean), share(report.restMean), "", "",
    ])
    let threads = NumberText.count(engine.threadCount, "thread")
    return """
      \(source), batch \(report.batch), \(threads), \(Processor.kernelBuild), peak \
      \(NumberText.decimal(peak.gigaflopsPerSecond, 1)) GFLOP/s; a step takes \
      \(BenchText.milliseconds(report.step.median)) ms (median of \(report.stepCount))
      \(table.text)
      """ + "\n"
  }

  private func objects(
    _ source: NetworkSource, _ report: LayerReport, _ engine: Engine, _ peak: ProcessorPeak
  ) -> [JSONObject] {
    let common: JSONObject = [
      "model": .string(source.description), "batch": .integer(report.batch),
      "threads": .integer(engine.threadCount),
      "isa": .string(Processor.kernelBuild), "steps": .integer(report.stepCount),
    ]
    func object(_ kind: String, _ members: [(String, JSONValue)]) -> JSONObject {
      var object = common
      object["kind"] = .string(kind)
      for (key, value) in members { object[key] = value }
      return object
    }
    func times(_ name: String, _ times: SampleStatistics) -> [(String, JSONValue)] {
      [
        ("\(name)_milliseconds_mean", .finite(times.mean * 1e3)),
        ("\(name)_milliseconds_median", .finite(times.median * 1e3)),
      ]
    }
    func share(_ mean: Double) -> [(String, JSONValue)] {
      [("share", .finite(mean / report.step.mean))]
    }
    func gigaflops(_ name: String, _ operations: Double, _ times: SampleStatistics)
      -> [(String, JSONValue)]
    {
      let isKnown = operations > 0 && times.median > 0
      return [
        ("\(name)_gflops", isKnown ? .finite(operations / times.median / 1e9) : .null)
      ]
    }
    let layers = report.layers.map { layer in
      object(
        "layer",
        [
          ("layer", .string(layer.path)), ("layer_kind", .string(layer.kind)),
          ("convolution", layer.convolution.map { .string($0.rawValue) } ?? .null),
        ] + times("forward", layer.forward) + times("backward", layer.backward)
          + share(layer.forward.mean + layer.backward.mean)
          + gigaflops("forward", layer.forwardOperations, layer.forward)
          + gigaflops("backward", layer.backwardOperations, layer.backward))
    }
    return layers + [
      object("optimizer", times("optimizer", report.optimizer) + share(report.optimizer.mean)),
      object(
        "rest",
        [("rest_milliseconds_mean", .finite(report.restMean * 1e3))] + share(report.restMean)),
      object(
        "step",
        times("step", report.step) + [("peak_gflops", .finite(peak.gigaflopsPerSecond))]),
    ]
  }
}
