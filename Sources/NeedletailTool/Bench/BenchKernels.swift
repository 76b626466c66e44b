import ArgumentParser
import Benchmarks
import Evaluation
import Kernels
import Needletail

struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Measure convolutions and matrix products, by each algorithm.",
    discussion: """
      Every pass of the convolutions and dense layers of presets, or of one shape chosen by hand. \
      The algorithm that the rule on shapes chooses is marked with *.

      needletail bench kernels --model vgg8 --batch 64
      needletail bench kernels --input 28x28x64 --filters 128 --kernel 3 --strides 2
      needletail bench kernels --product 1024x1024x1024
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The presets whose shapes are measured.",
      discussion:
        "(default: \(BenchKernels.standardPresets.map(\.rawValue).joined(separator: ", ")))",
      valueName: "preset"))
  var model: [Preset] = []

  @Option(
    help: ArgumentHelp(
      "The images of a convolution by hand.", valueName: "height x width x channels"),
    transform: Shape.init(option:))
  var input: Shape?

  @Option(
    help: "The output channels of a convolution by hand.",
    transform: OptionNumber.whole(BenchKernels.extents))
  var filters: Int?

  @Option(
    help: "The height and width of its kernel. (default: 3)",
    transform: OptionNumber.whole(BenchKernels.extents))
  var kernel = 3

  @Option(help: "Its strides. (default: 1)", transform: OptionNumber.whole(BenchKernels.extents))
  var strides = 1

  @Option(
    help: "The groups of its channels. (default: 1)",
    transform: OptionNumber.whole(BenchKernels.extents))
  var groups = 1

  @Option(
    help: ArgumentHelp(
      "A matrix product by hand.", valueName: "rows x inputs x outputs"),
    transform: Shape.init(option:))
  var product: Shape?

  @Option(
    help: "How many images a batch has. (default: 32)", transform: OptionNumber.benchmarkBatch)
  var batch = 32

  @Option(
    help: "How many seconds to measure each pass. (default: 0.2)", transform: OptionNumber.seconds)
  var seconds = 0.2

  @OptionGroup var common: BenchArguments

  static let standardPresets: [Preset] = [.mnistCNN, .cifarCNN, .vgg8, .resnet18, .resnet50]

  /// The extents and strides of a convolution by hand.
  private static let extents = 1...1 << 16

  mutating func validate() throws {
    guard (input == nil) == (filters == nil) else {
      throw OptionError(
        input == nil ? "--filters" : "--input",
        expected: "\(input == nil ? "--input" : "--filters") too: together they make a convolution",
        found: "none")
    }
    if let input, input.rank != 3 {
      throw OptionError(
        "--input", expected: "height, width and channels, as in 28x28x1", found: "\(input)")
    }
    if let product, product.rank != 3 {
      throw OptionError(
        "--product", expected: "rows, inputs and outputs, as in 128x784x512", found: "\(product)")
    }
    guard model.isEmpty || (input == nil && product == nil) else {
      throw OptionError(
        "--model", expected: "presets, or shapes by hand without it", found: "both")
    }
    if let problem = geometryByHand?.problem {
      throw OptionError(
        "--input", expected: "a convolution that is possible", found: "one that is not: \(problem)")
    }
  }

  private var geometryByHand: ConvolutionGeometry? {
    guard let input, let filters else { return nil }
    let geometry = ConvolutionGeometry(
      inputHeight: input[0], inputWidth: input[1], inputChannels: input[2],
      outputChannels: filters, kernelHeight: kernel, kernelWidth: kernel, strideHeight: strides,
      strideWidth: strides, groups: groups)
    return geometry.withSamePadding()
  }

  func run() throws {
    let engine = try common.engine.start()
    let peak = ProcessorPeak(measuringOn: engine)
    let benchmark = KernelBenchmark(engine: engine, seconds: seconds)
    var reporter = KernelReporter(
      peak: peak, batch: batch, isJSON: common.output.json)
    var convolutions: [NetworkConvolution] = []
    var products: [NetworkProduct] = []
    if let geometry = geometryByHand {
      convolutions = [NetworkConvolution(network: "", geometry: geometry)]
    }
    if product == nil && input == nil {
      for preset in model.isEmpty ? Self.standardPresets : model {
        let shapes = try NetworkShapes(of: preset)
        convolutions += shapes.convolutions
        products += shapes.products
      }
    }
    if !common.output.json {
      try StandardOutput.line(
        "\(NumberText.count(peak.threadCount, "thread")), \(Processor.kernelBuild), peak "
          + "\(NumberText.decimal(peak.gigaflopsPerSecond, 1)) GFLOP/s, batch \(batch)")
    }
    let named = common.engine.convolution.algorithm
    let hasBLAS = try hasBLAS(benchmark, isNamed: named == .im2row)
    var seen: Set<ConvolutionGeometry> = []
    for convolution in convolutions where seen.insert(convolution.geometry).inserted {
      let algorithms = ConvolutionAlgorithm.allCases.filter {
        $0.supports(convolution.geometry) && (named == nil || named == $0)
          && (hasBLAS || $0 != .im2row)
      }
      for algorithm in algorithms {
        try reporter.report(
          convolution,
          try benchmark.measure(convolution.geometry, batch: batch, algorithm: algorithm))
      }
    }
    guard named == nil else { return }
    for shape in products {
      let rows = batch * shape.rowsPerExample
      try reporter.report(
        network: shape.network, rows: rows, shape.inputSize, shape.outputSize,
        try benchmark.measure(
          rows: rows, inputSize: shape.inputSize, outputSize: shape.outputSize,
          includingBLAS: hasBLAS))
    }
    if let product {
      try reporter.report(
        network: "", rows: product[0], product[1], product[2],
        try benchmark.measure(
          rows: product[0], inputSize: product[1], outputSize: product[2], includingBLAS: hasBLAS))
    }
  }

  /// Whether OpenBLAS can be measured; without it the rest is, with a warning.
  private func hasBLAS(_ benchmark: KernelBenchmark, isNamed: Bool) throws -> Bool {
    do {
      try benchmark.requireBLAS()
      return true
    } catch {
      if isNamed { throw error }
      StandardError.warn("\(error) Its products and im2row are left out.")
      return false
    }
  }
}
