import Foundation
import Layers
import ModelFiles

/// Writes the checkpoints of one training, and takes it back to them.
final class Checkpointer {
  let options: Checkpointing
  let settings: CheckpointSettings
  let metrics: [Metric]
  let folder: CheckpointFolder
  var sinceLast = Stopwatch()
  /// The checkpoint that was written last, or that the training started from.
  var newest: CheckpointReport?
  /// What the user should know.
  var warnings: [String]

  /// Claims the folder.
  init(_ options: Checkpointing, settings: CheckpointSettings, metrics: [Metric]) throws {
    self.options = options
    self.settings = settings
    self.metrics = metrics
    folder = try CheckpointFolder(claiming: options.folder, writing: options.writing)
    warnings = [folder.lock.warning].compactMap(\.self)
    guard try options.resumes || folder.entries().isEmpty else {
      throw CheckpointError(
        .used,
        "\(options.folder.path): expected a folder without checkpoints, found some; resume their "
          + "training, or name another folder.")
    }
  }

  /// Whether a checkpoint is due after a step.
  func isDue(afterStep stepCount: Int) -> Bool {
    switch options.interval {
    case .steps(let count): stepCount % count == 0
    case .epochs: false
    case .minutes(let count): sinceLast.seconds >= count * 60
    }
  }

  /// Whether a checkpoint is due after an epoch.
  func isDue(afterEpoch epoch: Int) -> Bool {
    if case .epochs(let count) = options.interval { epoch % count == 0 } else { false }
  }

  /// Writes a checkpoint, then removes those that are no longer kept.
  ///
  /// - Throws: `DivergenceError` where a parameter is not finite: what is written is always good.
  func write(
    _ model: Model, _ state: TrainingState, _ progress: TrainingProgress, isDue: Bool
  ) throws -> CheckpointReport {
    guard state.isFinite(model) else { throw state.divergence(of: model) }
    let url = folder.url(stepCount: state.stepCount, isDue: isDue)
    do {
      let writer = try CheckpointFile.writer(
        model: model, state: state, progress: progress, settings: settings)
      try writer.write(to: url.path, writing: options.writing)
      try folder.removeOld(keepCount: options.keepCount)
      sinceLast = Stopwatch()
      let report = CheckpointReport(
        url: url, position: progress.position(stepCount: state.stepCount),
        byteCount: try writer.byteCount())
      newest = report
      return report
    } catch let error as ModelFileError {
      throw CheckpointError(
        .notWritten, "\(error.description) The checkpoints before it are intact.",
        systemError: error.systemError)
    }
  }

  /// The checkpoint of where the training stands, which may have been written already.
  func newest(
    _ model: Model, _ state: TrainingState, _ progress: TrainingProgress
  ) throws -> CheckpointReport {
    if let newest, newest.position == progress.position(stepCount: state.stepCount) {
      return newest
    }
    return try write(model, state, progress, isDue: false)
  }

  /// Checks that there is space for the checkpoints and the model.
  func checkSpace(_ model: Model, _ state: TrainingState, _ progress: TrainingProgress) throws {
    let size = try CheckpointFile.writer(
      model: model, state: state, progress: progress, settings: settings
    ).byteCount()
    let modelSize = try model.fileByteCount()
    // One more than are kept: the next is written before the oldest is removed.
    let needed = size * (options.keepCount + 1) + modelSize - (try folder.byteCount())
    guard let free = FolderSpace.freeByteCount(of: options.folder.path), free < needed else {
      return
    }
    throw CheckpointError(
      .notCreated,
      "\(options.folder.path): expected \(needed) bytes of free space for \(options.keepCount + 1) "
        + "checkpoints of \(size) bytes and the model, found \(free); free some, keep fewer "
        + "checkpoints, or use another disk.", systemError: ENOSPC)
  }

  /// Goes back after a divergence, with a smaller learning rate.
  ///
  /// What is left in the folder at any moment leads to the same training: the checkpoints after the
  /// one that it goes back to are removed first, then that one is written anew with the smaller
  /// rate.
  ///
  /// - Throws: the divergence itself where the training cannot or should not go back.
  func rollBack(
    _ divergence: DivergenceError, _ model: inout Model, _ state: TrainingState,
    _ progress: inout TrainingProgress
  ) throws -> RollbackReport {
    guard options.onDivergence == .rollback,
      progress.rollbackCount < Checkpointing.maximumRollbackCount
    else { throw divergence }
    let (count, factor) = (progress.rollbackCount, progress.rateFactor)
    // A checkpoint whose next step diverges was taken too late.
    let usable = try folder.entries().filter { $0.isDue && $0.stepCount < divergence.step }
    guard let entry = usable.first else { throw divergence }
    let file: CheckpointFile
    do {
      file = try CheckpointFile(path: entry.url.path, metrics: metrics)
    } catch let error as ModelFileError {
      throw CheckpointError(.notRead, error.description, systemError: error.systemError)
    }
    try restore(file, &model, state, &progress)
    progress.rollbackCount = count + 1
    progress.rateFactor = factor * Checkpointing.rollbackFactor
    state.rateFactor = progress.rateFactor
    try folder.removeAll(after: state.stepCount)
    let report = try write(model, state, progress, isDue: true)
    return RollbackReport(
      divergence: divergence, checkpoint: report.url, position: report.position,
      epochs: progress.epochs, learningRateFactor: progress.rateFactor,
      rollbackCount: progress.rollbackCount)
  }
}
