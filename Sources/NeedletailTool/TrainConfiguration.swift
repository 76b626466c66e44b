import Needletail

/// Everything that a training was asked for, as the run folder keeps it.
struct TrainConfiguration: Encodable {
  let version = NeedletailTool.version
  let data: String
  let split: String?
  let layout: ImageLayout?
  let labels: String?
  let transpose: Bool?
  let cifarLabels: String?
  let imageReading: String?
  let skipBad: Bool
  let skippedImageCount: Int
  let maxImagePixels: Int
  let model: String
  let inputShape: [Int]
  let classCount: Int?
  let classNames: [String]?
  let trainingCount: Int
  let validation: String?
  let validationCount: Int?
  let epochs: Int
  let batch: Int
  let optimizer: OptimizerName
  let learningRate: Float
  let schedule: String
  let warmUpEpochs: Double
  let augmentation: String?
  let seed: UInt64
  let threads: Int
  let convolution: String?
  let checkpointEvery: String?
  let keep: Int?
  let onDivergence: Checkpointing.DivergenceAction
  let withoutAtomicWrites: Bool

  enum CodingKeys: String, CodingKey {
    case version, data, split, layout, labels, model, validation, epochs, batch, optimizer,
      schedule, augmentation
    case seed, threads, transpose, convolution
    case cifarLabels = "cifar_labels"
    case skipBad = "skip_bad"
    case maxImagePixels = "max_image_pixels"
    case withoutAtomicWrites = "without_atomic_writes"
    case imageReading = "image_reading"
    case skippedImageCount = "skipped_image_count"
    case inputShape = "input_shape"
    case classCount = "class_count"
    case classNames = "class_names"
    case trainingCount = "training_count"
    case validationCount = "validation_count"
    case learningRate = "learning_rate"
    case warmUpEpochs = "warm_up_epochs"
    case checkpointEvery = "checkpoint_every"
    case keep
    case onDivergence = "on_divergence"
  }

  init(
    _ arguments: TrainArguments, images: LabelledImages, network: NetworkSource,
    training: any Dataset,
    validation: (any Dataset)?, threadCount: Int
  ) {
    self.data = arguments.source.data
    self.split = arguments.split
    self.layout = arguments.source.reading.layout
    self.labels = arguments.source.reading.labels
    self.transpose = arguments.source.reading.form.transpose
    self.cifarLabels = arguments.source.reading.form.cifarLabels?.rawValue
    self.skipBad = arguments.source.reading.skipBad
    self.maxImagePixels = arguments.source.reading.limits.limits.maximumPixelCount
    self.imageReading = images.listing.map { _ in arguments.reading.reading.description }
    self.skippedImageCount = images.problems.count
    self.model = network.description
    self.inputShape = training.inputShape.dimensions
    self.classCount = training.classCount
    self.classNames = training.classNames
    self.trainingCount = training.count
    self.validation = arguments.validation
    self.validationCount = validation?.count
    self.epochs = arguments.epochs
    self.batch = arguments.batch
    self.optimizer = arguments.optimizer
    self.learningRate = arguments.rate
    self.schedule = arguments.schedule.description
    self.warmUpEpochs = arguments.warmUp
    self.augmentation = arguments.augment?.description
    self.seed = arguments.seed
    self.threads = threadCount
    self.convolution = arguments.engine.convolution.algorithm?.rawValue
    self.checkpointEvery = arguments.checkpoints.interval?.description
    self.keep = arguments.checkpoints.areWritten ? arguments.checkpoints.keepCount : nil
    self.onDivergence = arguments.checkpoints.onDivergence
    self.withoutAtomicWrites = arguments.checkpoints.withoutAtomicWrites
  }
}
