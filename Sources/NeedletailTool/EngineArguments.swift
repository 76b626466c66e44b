import ArgumentParser
import Needletail

/// How a command computes: its threads and its convolutions.
struct EngineArguments: ParsableArguments {
  @OptionGroup var threads: ThreadArguments
  @OptionGroup var convolution: ConvolutionArguments

  /// Starts the engine and its threads, and warns of what keeps it from full speed.
  func start() throws -> Engine {
    let engine = try threads.startEngine(convolution: convolution.algorithm)
    // Nothing else needs the library.
    if convolution.algorithm == .im2row, let warning = try BLASLibrary.current.warning {
      StandardError.warn(warning)
    }
    return engine
  }
}

/// How a command computes convolutions.
struct ConvolutionArguments: ParsableArguments {
  @Option(
    name: .customLong("convolution"),
    help: ArgumentHelp(
      """
      How to compute convolutions that this can compute. (default: by a rule on their shapes, which \
      inspect shows)
      """, valueName: "algorithm"))
  var algorithm: ConvolutionAlgorithm?
}

/// The threads that a command uses.
struct ThreadArguments: ParsableArguments {
  @Option(
    name: .customLong("threads"),
    help: ArgumentHelp(
      "How many threads to use. (default: what the system lets this process use)",
      valueName: "threads"), transform: OptionNumber.whole(1...ThreadBudget.maximumThreadCount))
  var count: Int?

  /// Starts an engine and its threads, and warns where there are fewer of them than there could be.
  ///
  /// The one place that does, for all commands.
  func startEngine(convolution: ConvolutionAlgorithm? = nil) throws -> Engine {
    let engine = try Engine(
      options: EngineOptions(threadCount: count, convolution: convolution))
    (engine.threadBudget.warnings + engine.start()).forEach(StandardError.warn)
    return engine
  }
}
