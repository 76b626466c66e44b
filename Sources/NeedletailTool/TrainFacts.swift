import Foundation
import Needletail

/// What is known before the first step, for people and for programs.
struct TrainFacts {
  let images: LabelledImages
  let training: any Dataset
  let validation: (any Dataset)?
  let network: NetworkSource
  let model: Model
  let engine: Engine
  let arguments: TrainArguments

  /// The head of a training's output behind that of its data: a line a subject.
  func lines(_ start: TrainingStart) -> [String] {
    let memory = start.memory
    func size(_ name: String, _ bytes: Int) -> String {
      "\(name) \(NumberText.megabytes(bytes))"
    }
    let parts = [
      size("parameters", memory.parameterByteCount), size("gradients", memory.gradientByteCount),
      size("optimizer", memory.optimizerByteCount), size("activations", memory.activationByteCount),
    ]
    var schedule = "learning rate \(arguments.rate)"
    if arguments.schedule != .constant { schedule += ", \(arguments.schedule)" }
    if arguments.warmUp > 0 { schedule += ", warm-up of \(warmUpText)" }
    let augmentation = arguments.augment.map { ", augmented by \($0)" } ?? ""
    return [
      "network   \(network), \(NumberText.count(model.parameterCount, "parameter"))",
      "training  \(NumberText.count(start.epochCount, "epoch")) of "
        + "\(NumberText.count(start.stepsPerEpoch, "step")) of "
        + "\(NumberText.count(arguments.batch, "image")), \(arguments.optimizer.rawValue), \(schedule), "
        + "seed \(arguments.seed)\(augmentation)",
      "memory    \(NumberText.megabytes(memory.byteCount)): \(parts.joined(separator: ", "))"
        + (dataByteCount > 0 ? "; images up to \(NumberText.megabytes(dataByteCount))" : ""),
      "threads   \(engine.threadReason)",
      "output    " + (arguments.output ?? "none: the model is not kept (--output keeps it)"),
    ] + resumptionLines(start)
  }

  private var warmUpText: String {
    let count = arguments.warmUp
    let number = count == count.rounded() ? String(Int(count)) : String(count)
    return "\(number) \(count == 1 ? "epoch" : "epochs")"
  }

  private func resumptionLines(_ start: TrainingStart) -> [String] {
    guard let resumption = start.resumption else { return [] }
    guard let checkpoint = resumption.checkpoint else {
      return ["resume    there is no checkpoint yet: starting afresh"]
    }
    guard !resumption.isComplete else {
      return [
        "resume    \(checkpoint.lastPathComponent): the training had ended, after "
          + NumberText.count(resumption.epochs.count, "epoch")
      ]
    }
    let position = resumption.position
    return [
      "resume    \(checkpoint.lastPathComponent): epoch \(position.epoch), "
        + "\(NumberText.grouped(position.epochStepCount)) of "
        + "\(NumberText.count(start.stepsPerEpoch, "step")) done"
    ]
  }

  /// The same as one JSON object.
  func json(_ start: TrainingStart) -> JSONObject {
    var members = members(start)
    if let resumption = start.resumption {
      members["resumed_from"] = resumption.checkpoint.map { .string($0.path) } ?? .null
      members["resumed_at_step"] = .integer(resumption.position.stepCount)
    }
    return members
  }

  private func members(_ start: TrainingStart) -> JSONObject {
    [
      "event": .string("started"), "data": .string(images.source),
      "network": .string(network.description),
      "parameters": .integer(model.parameterCount),
      "input_shape": .array(training.inputShape.dimensions.map(JSONValue.integer)),
      "classes": .integer(training.classCount ?? 0), "training_count": .integer(training.count),
      "validation_count": .integer(validation?.count ?? 0),
      "epochs": .integer(start.epochCount), "steps_per_epoch": .integer(start.stepsPerEpoch),
      "layout": images.listing.map { .string($0.layoutText) } ?? .null,
      "left_out": .integer(images.listing?.leftOutCount ?? 0),
      "skipped": .integer(images.problems.count),
      "augmentation": arguments.augment.map { .string($0.description) } ?? .null,
      "threads": .integer(start.threadCount),
      "threads_reason": .string(engine.threadReason),
      "memory": .object([
        "parameters": .integer(start.memory.parameterByteCount),
        "gradients": .integer(start.memory.gradientByteCount),
        "optimizer": .integer(start.memory.optimizerByteCount),
        "activations": .integer(start.memory.activationByteCount),
        "images": .integer(dataByteCount), "total": .integer(start.memory.byteCount),
      ]),
    ]
  }

  /// The bytes that the pixels take in memory, a byte each, once all were seen.
  private var dataByteCount: Int {
    images.parts.values.reduce(0) { sum, part in
      let isKept = part.isInMemory || (part as? ImageFolderDataset)?.isCached == true
      return sum + (isKept ? part.count * part.inputShape.count : 0)
    }
  }
}
