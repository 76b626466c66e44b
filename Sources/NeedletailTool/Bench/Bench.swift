import ArgumentParser
import Needletail

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast this machine computes, trains and predicts.",
    discussion: """
      needletail bench peak
      needletail bench train --model mnist-cnn --batch 32
      needletail bench layers --model resnet18 --batch 32

      Data are made up; nothing is kept. Measure on a machine that does nothing else.
      """,
    subcommands: [
      BenchPeak.self, BenchKernels.self, BenchTrain.self, BenchInfer.self, BenchLayers.self,
      BenchData.self,
    ])
}

/// How long a benchmark takes, and how it tells what it found.
struct BenchArguments: ParsableArguments {
  @OptionGroup var engine: EngineArguments
  @OptionGroup var output: BenchOutputArguments

  /// How convolutions are computed, for the results: the option's name.
  var convolutionName: String { engine.convolution.algorithm?.rawValue ?? "auto" }
}

/// How a benchmark tells what it found.
struct BenchOutputArguments: ParsableArguments {
  @Flag(help: "Print one JSON object a line.")
  var json = false
}

/// Numbers of benchmarks as people read them.
enum BenchText {
  static func milliseconds(_ seconds: Double) -> String { NumberText.decimal(seconds * 1e3, 3) }
  static func percent(_ fraction: Double) -> String { NumberText.decimal(fraction * 100, 1) + " %" }
  static func rate(_ perSecond: Double) -> String {
    perSecond < 100 ? NumberText.decimal(perSecond, 2) : NumberText.grouped(Int(perSecond))
  }
  static func shape(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
}
