import ArgumentParser
import Needletail

/// What `train` is asked for.
struct TrainArguments: ParsableArguments {
  @OptionGroup var source: DataArguments
  @OptionGroup var reading: ImageReadingArguments

  @Option(help: "The part of the data to learn from: training, validation or test.")
  var split: String?

  @Option(
    help: ArgumentHelp(
      "The network: a preset or a YAML or JSON file.",
      discussion: """
        Presets: \(Preset.allCases.map(\.rawValue).joined(separator: ", ")). By default one that \
        fits the images' size.
        """, valueName: "preset|file"),
    transform: NetworkSource.init)
  var model: NetworkSource?

  @Option(
    help: ArgumentHelp(
      """
      The shape of an image; image files are resized to it. (default: that of most of them if it has at most \
      96 pixels a side, else the preset's, else 32x32 or 64x64)
      """,
      valueName: "height x width x channels"), transform: parseShape)
  var input: Shape?

  @Option(
    help: """
      The number of classes, where IDX files may have more than their labels tell; of other data it \
      is checked.
      """)
  var classes: Int?

  @Option(help: "How often to see all images.")
  var epochs = 10

  @Option(help: "How many images a step learns from.")
  var batch = 64

  @Option(
    help: """
      The optimizer: sgd, momentum or nesterov (sgd with a momentum of 0.9), adam, adamw \
      (weight decay 0.01).
      """)
  var optimizer = OptimizerName.adam

  @Option(
    help: ArgumentHelp(
      "The learning rate. (default: 0.001 for adam and adamw, else 0.01)", valueName: "rate"))
  var learningRate: Float?

  @Option(
    help: ArgumentHelp(
      """
      How the rate changes: constant, step[:EPOCHS[:FACTOR]], exponential[:FACTOR] or \
      cosine[:FINAL].
      """, valueName: "schedule"), transform: ScheduleRecipe.init)
  var schedule = ScheduleRecipe.constant

  @Option(
    help: ArgumentHelp("For how many epochs the rate rises to its start.", valueName: "epochs"))
  var warmUp = 0.0

  @Option(
    help: ArgumentHelp(
      """
      How images are changed at random in each epoch: flip, vertical-flip and shift[:PIXELS], \
      parted by commas.
      """, valueName: "changes"), transform: Augmentation.init)
  var augment: Augmentation?

  @Option(
    name: .customLong("seed"),
    help: "Decides first weights, the order of images, how they are changed and what is held out.")
  var seedNumber = SeedNumber(0)

  @OptionGroup var engine: EngineArguments

  @Option(
    help: ArgumentHelp(
      "What to validate with after each epoch: other images, or a fraction to hold out.",
      valueName: "images|fraction"))
  var validation: String?

  @Option(
    help: ArgumentHelp(
      """
      The folder that receives model, checkpoints, history and configuration; without --resume it \
      must not hold a run.
      """,
      valueName: "run-folder"))
  var output: String?

  @OptionGroup var checkpoints: CheckpointArguments

  @Flag(help: "Print the result only.")
  var quiet = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  mutating func validate() throws {
    try OptionNumber.check("--epochs", epochs, in: 1...1_000_000)
    try OptionNumber.check("--batch", batch, in: 1...1 << 24)
    try checkpoints.check(hasOutput: output != nil)
    try classes.map { try OptionNumber.check("--classes", $0, in: 2...1_000_000) }
    try seedNumber.check("--seed")
    try OptionNumber.checkPositive("--learning-rate", rate)
    try OptionNumber.check("--warm-up", warmUp, in: 0...Double(epochs), of: "epochs")
    if let fraction = validation.flatMap({ Double($0) }), !(fraction >= 0 && fraction.isFinite) {
      throw ValidationError(
        "--validation: expected images or a fraction between 0 and 1, found \(validation ?? "").")
    }
  }

  /// What the random streams start from.
  var seed: UInt64 { seedNumber.value }
  /// The learning rate that is used.
  var rate: Float { learningRate ?? optimizer.standardLearningRate }
}

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
      valueName: "threads"))
  var count: Int?

  mutating func validate() throws {
    try count.map {
      try OptionNumber.check("--threads", $0, in: 1...ThreadBudget.maximumThreadCount)
    }
  }

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

/// Reads a shape: `28x28x1` or `28,28,1`.
func parseShape(_ text: String) throws -> Shape {
  let words = text.split(omittingEmptySubsequences: false) { $0 == "x" || $0 == "," || $0 == "×" }
  let extents = words.compactMap { Int($0) }
  let shape = Shape(extents)
  guard extents.count == words.count, extents.allSatisfy({ $0 >= 1 }), shape.rank <= 4,
    shape.checkedCount ?? Int.max <= 1 << 28
  else {
    throw ValidationError("expected extents from 1, like 28x28x1 or 784")
  }
  return shape
}
