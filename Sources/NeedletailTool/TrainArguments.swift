import ArgumentParser
import FilePaths
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
      valueName: "height x width x channels"), transform: Shape.init(imageOption:))
  var input: Shape?

  @OptionGroup var classes: ClassCountArguments

  @Option(
    help: "How often to see all images. (default: 10)", transform: OptionNumber.whole(1...1_000_000)
  )
  var epochs = 10

  @Option(
    help: "How many images a step learns from. (default: 64)",
    transform: OptionNumber.whole(1...1 << 24))
  var batch = 64

  @Option(
    help: """
      The optimizer: sgd, momentum or nesterov (sgd with a momentum of 0.9), adam, adamw \
      (weight decay 0.01).
      """)
  var optimizer = OptimizerName.adam

  @Option(
    help: ArgumentHelp(
      "The learning rate. (default: 0.001 for adam and adamw, else 0.01)", valueName: "rate"),
    transform: OptionNumber.learningRate)
  var learningRate: Float?

  @Option(
    help: ArgumentHelp(
      """
      How the rate changes: constant, step[:EPOCHS[:FACTOR]], exponential[:FACTOR] or \
      cosine[:FINAL].
      """, valueName: "schedule"), transform: ScheduleRecipe.init)
  var schedule = ScheduleRecipe.constant

  @Option(
    help: ArgumentHelp(
      "For how many epochs the rate rises to its start. (default: 0)", valueName: "epochs"),
    transform: OptionNumber.real(
      0...1_000_000, "a number of epochs from 0 to those of the training"))
  var warmUp = 0.0

  @Option(
    help: ArgumentHelp(
      """
      How images are changed at random in each epoch: flip, vertical-flip and shift[:PIXELS], \
      parted by commas.
      """, valueName: "changes"), transform: Augmentation.init)
  var augment: Augmentation?

  @Option(
    help: """
      Decides first weights, the order of images, how they are changed and what is held out. (default: 0)
      """, transform: OptionNumber.seed)
  var seed: UInt64 = 0

  @OptionGroup var engine: EngineArguments

  @Option(
    help: ArgumentHelp(
      "What to validate with after each epoch: other images, or a fraction to hold out.",
      valueName: "images|fraction"), transform: validationChoice)
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
    try checkpoints.check(hasOutput: output != nil)
    guard warmUp <= Double(epochs) else {
      throw OptionError(
        "--warm-up", expected: "a number of epochs from 0 to those of the training, \(epochs)",
        found: NumberText.plain(warmUp))
    }
  }

  /// The learning rate that is used.
  var rate: Float { learningRate ?? optimizer.standardLearningRate }
}

/// Reads what `--validation` names: images, or the fraction of the training part to hold out.
@Sendable
private func validationChoice(_ text: String) throws -> String {
  let isFraction: Bool
  if let number: Double = OptionNumber.decimal(text) {
    isFraction = number > 0 && number < 1
  } else {
    isFraction = !OptionNumber.looksLikeNumber(text) || FileSystem.exists(text)
  }
  guard isFraction else {
    throw OptionNumber.refusal(
      of: text, expected: "images, or a fraction above 0 and below 1, as 0.1",
      advice: "leave the option out to hold nothing out")
  }
  return text
}
