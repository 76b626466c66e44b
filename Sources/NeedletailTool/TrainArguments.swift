import ArgumentParser
import Needletail

/// What `train` is asked for.
struct TrainArguments: ParsableArguments {
  @Option(help: dataHelp)
  var data: String

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
      "The shape of an image; image files are resized to it.",
      valueName: "height x width x channels"), transform: parseShape)
  var input: Shape?

  @Option(help: "The number of classes, to be checked against the data.")
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
    help: "Decides first weights, the order of images, how they are changed and what is held out.")
  var seed: UInt64 = 0

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
    func require(_ condition: Bool, _ text: String) throws {
      if !condition { throw ValidationError(text) }
    }
    try require(
      (1...1_000_000).contains(epochs), "--epochs: expected 1 to 1000000, found \(epochs).")
    try require((1...1 << 24).contains(batch), "--batch: expected 1 to 16777216, found \(batch).")
    try checkpoints.check(hasOutput: output != nil)
    try require(classes ?? 2 >= 2, "--classes: expected 2 or more, found \(classes ?? 0).")
    try require(
      rate.isFinite && rate > 0, "--learning-rate: expected a number above 0, found \(rate).")
    try require(
      warmUp.isFinite && warmUp >= 0 && warmUp <= Double(epochs),
      "--warm-up: expected 0 to \(epochs) epochs, found \(warmUp).")
  }

  /// The learning rate that is used.
  var rate: Float { learningRate ?? optimizer.standardLearningRate }
}

/// What `--data` takes.
let dataHelp: ArgumentHelp = """
  Images: 'digits', which is built in, or a folder: the files of MNIST or CIFAR-10, a folder a class, \
  or folders train and test with a folder a class.
  """

/// How a command computes: its threads and its convolutions.
struct EngineArguments: ParsableArguments {
  @OptionGroup var threads: ThreadArguments
  @OptionGroup var convolution: ConvolutionArguments

  /// Starts the engine and its threads, and warns of what keeps it from full speed.
  func start() throws -> Engine {
    let engine = try Engine(
      options: EngineOptions(threadCount: threads.count, convolution: convolution.algorithm))
    var warnings = engine.threadBudget.warnings + engine.start()
    // Nothing else needs the library.
    if convolution.algorithm == .im2row, let warning = try BLASLibrary.current.warning {
      warnings.append(warning)
    }
    warnings.forEach(StandardError.warn)
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
    let range = 1...ThreadBudget.maximumThreadCount
    if let count, !range.contains(count) {
      throw ValidationError(
        "--threads: expected \(range.lowerBound) to \(range.upperBound), found \(count).")
    }
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
