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

  init(
    trainer: Trainer, model: Model, training: any Dataset, validation: (any Dataset)?,
    batchSize: Int, seed: UInt64, shuffles: Bool, augmentation: Augmentation?
  ) {
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
    self.settings = settings
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
  /// Where the data lie does not matter: a job may
  /// find them elsewhere when it is started again.
  private static func text(_ dataset: any Dataset) -> String {
    let fields = dataset.fields.map { "\($0.name) \($0.elementType.rawValue) \($0.exampleShape)" }
    var text = "\(dataset.count) examples of " + fields.joined(separator: ", ")
    if let labels = dataset.labels {
      let sum = labels.withUnsafeBytes { checksumText(of: $0) }
      text += ", labels with checksum \(sum)"
    }
    return text
  }

  /// What differs in a checkpoint: `"batch size" is 64 there and 32 here`.
  func differences(from other: [String: String]) -> [String] {
    Self.differences(between: other, and: settings)
  }

  /// Of what counts here: checkpoints of earlier versions name an OpenBLAS that they did not use.
  func machineDifferences(from other: [String: String]) -> [String] {
    Self.differences(between: other.filter { machine[$0.key] != nil }, and: machine)
  }

  private static func differences(
    between there: [String: String], and here: [String: String]
  ) -> [String] {
    Set(there.keys).union(here.keys).sorted().compactMap { name in
      let (old, new) = (there[name] ?? "not set", here[name] ?? "not set")
      return old == new ? nil : "\(name): \(old) there, \(new) here"
    }
  }
}
