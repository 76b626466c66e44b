import CKernels
import Datasets
import Graphs
import Kernels
import Layers
import ModelFiles
import Tensors
import Threads

/// What a training's bits depend on besides the network: kept by checkpoints, and compared when one
/// is resumed.
struct CheckpointSettings: Sendable, Hashable {
  /// What must be the same: texts under names.
  let settings: [String: String]
  /// On what it was computed: other values give other last bits.
  let machine: [String: String]
  /// When the files of the data were last changed, where their content is not known as a whole.
  let fileTimes: [String: String]
  let exampleCount: Int
  let batchSize: Int

  /// - Throws: what the data sets throw where their files cannot be read.
  init(
    trainer: Trainer, model: Model, training: any Dataset, validation: (any Dataset)?,
    batchSize: Int, seed: UInt64, shuffles: Bool, augmentation: Augmentation?
  ) throws {
    var settings = [
      "loss": trainer.loss.ruleDescription,
      "optimizer": trainer.optimizer.ruleDescription,
      "learning rate": trainer.optimizer.learningRate.ruleDescription,
      "metrics": trainer.metrics.map(\.name).joined(separator: ", "),
      "gradient clipping": trainer.gradientClipNorm.map { "at \($0)" } ?? "none",
      "batch size": String(batchSize),
      "seed": String(seed),
      "order": shuffles ? "shuffled" : "sequential",
      "convolution": model.engine.convolution?.rawValue ?? "by shape",
      "training data": Self.text(training),
      "validation data": validation.map(Self.text) ?? "none",
    ]
    // Not set where images stay as they are, as in checkpoints from before there were augmentations.
    if let augmentation, augmentation != Augmentation() {
      settings["augmentation"] = augmentation.description
    }
    // Not in checkpoints of earlier versions.
    settings["image preparation"] = model.metadata.imagePreparation
    settings["classes"] = training.classNames.map { names in
      Array(names.joined(separator: "\n").utf8).withUnsafeBytes { checksumText(of: $0) }
    }
    var fileTimes: [String: String] = [:]
    for (name, dataset) in [("training", training), ("validation", validation)] {
      guard let dataset, let found = try dataset.fingerprint(of: Array(0..<dataset.count)) else {
        continue
      }
      settings["\(name) content"] = found.content
      fileTimes["\(name) data"] = found.times
    }
    self.settings = settings
    self.fileTimes = fileTimes
    self.exampleCount = training.count
    self.batchSize = batchSize
    let instructions =
      switch nk_active_isa() {
      case NK_ISA_AVX512: "AVX-512"
      case NK_ISA_AVX2: "AVX2"
      default: "portable"
      }
    var machine = ["instructions": instructions]
    // Where it cannot be loaded, the plan has been refused.
    if model.graph.usesBLAS(named: model.engine.convolution),
      let library = try? BLASLibrary.current
    {
      machine["BLAS"] = "OpenBLAS \(library.version), core \(library.coreName)"
    }
    self.machine = machine
  }

  /// The size, the form and the labels of a data set.
  ///
  /// Where the data lie does not matter: a job may find them elsewhere when it is started again. The
  /// content has a fingerprint of its own, which checkpoints of earlier versions lack.
  private static func text(_ dataset: any Dataset) -> String {
    let fields = dataset.fields.map { "\($0.name) \($0.elementType.rawValue) \($0.exampleShape)" }
    var text = "\(dataset.count) examples of " + fields.joined(separator: ", ")
    if let labels = dataset.labels {
      let sum = labels.withUnsafeBytes { checksumText(of: $0) }
      text += ", labels with checksum \(sum)"
    }
    return text
  }
}
