import FilePaths
import Foundation
import Layers
import ModelFiles
import Tensors

extension Checkpointer {
  /// Goes to the newest complete checkpoint, if there is one and that is asked for.
  func resume(
    _ model: inout Model, _ state: TrainingState, _ progress: inout TrainingProgress,
    stepsPerEpoch: Int, epochCount: Int
  ) throws -> TrainingResumption? {
    sinceLast = Stopwatch()
    guard options.resumes else { return nil }
    var found: (file: CheckpointFile, url: URL, changes: [String])?
    for entry in try folder.entries() where found == nil {
      do {
        let file = try CheckpointFile(path: entry.url.path, metrics: metrics)
        let changes = try check(
          file, entry.url, model, stepsPerEpoch: stepsPerEpoch, epochCount: epochCount)
        found = (file, entry.url, changes)
      } catch let error as ModelFileError {
        // Not damage: to go on from an older one would hide what can be mended.
        guard error.systemError == nil || error.systemError == EIO else {
          throw CheckpointError(.notRead, error.description, systemError: error.systemError)
        }
        warnings.append("\(error.description) Not used; \(folder.setAside(entry)).")
      }
    }
    if let (file, url, changes) = found {
      try restore(file, &model, state, &progress)
      warn(of: file, url, changes: changes)
      if changes.isEmpty {
        newest = CheckpointReport(
          url: url, position: progress.position(stepCount: state.stepCount),
          byteCount: FileSystem.status(of: url.path).map { Int($0.st_size) } ?? 0)
      } else {
        try adopt(changes, of: file, url, model, state, &progress)
      }
    }
    return TrainingResumption(
      checkpoint: newest?.url, position: progress.position(stepCount: state.stepCount),
      epochs: progress.epochs, isComplete: progress.epoch > epochCount)
  }

  /// Checks that a checkpoint belongs to this training.
  ///
  /// - Returns: What differs in the data, where that is accepted.
  private func check(
    _ file: CheckpointFile, _ url: URL, _ model: Model, stepsPerEpoch: Int, epochCount: Int
  ) throws -> [String] {
    var differences = settings.differences(from: file.settings)
    // Written anew, as a later version may write the same network otherwise.
    let network = try NetworkConfiguration.text(
      of: NetworkConfiguration.graph(text: file.network, file: url.path))
    if try network != NetworkConfiguration.text(of: model.graph) {
      differences.refused.append("the network is another")
    }
    let isChanged = !differences.ofData.isEmpty
    guard differences.refused.isEmpty, !isChanged || options.acceptsChangedData else {
      throw CheckpointError(
        .otherSettings,
        "\(url.path): expected a checkpoint of this training, found one with other settings: "
          + (differences.refused + differences.ofData).joined(separator: "; ")
          + ". Resume with the settings that it was started with, or start in another folder."
          + (isChanged && differences.refused.isEmpty
            ? " If the data were changed on purpose, go on with them (--resume-with-changed-data, "
              + "Checkpointing.acceptsChangedData); the bits will then differ." : ""))
    }
    let progress = file.progress
    guard progress.epochs.count <= epochCount else {
      throw CheckpointError(
        .otherSettings,
        "\(url.path): expected at most the \(counted(epochCount, "epoch")) asked for, found "
          + "\(progress.epochs.count); ask for as many or more.")
    }
    let steps =
      isChanged
      ? settings.stepsPerEpoch(in: file.settings) ?? stepsPerEpoch : stepsPerEpoch
    guard progress.epochStepCount <= steps,
      file.stepCount == (progress.epoch - 1) * steps + progress.epochStepCount
    else {
      throw ModelFileError(
        file: url.path, expected: "a position in epochs of \(counted(steps, "step"))",
        found: "step \(file.stepCount) in epoch \(progress.epoch)",
        advice: "The file was written by a faulty program; use another.")
    }
    return differences.ofData
  }

  /// - Parameter changes: What differs in the data, of which ``adopt`` tells.
  private func warn(of file: CheckpointFile, _ url: URL, changes: [String]) {
    let differences = settings.machineDifferences(from: file.machine)
    if !differences.isEmpty {
      warnings.append(
        "\(url.path): written on another machine (\(differences.joined(separator: "; "))); "
          + "from here on, the last bits may differ from those of a training on one machine.")
    }
    for data in settings.changedTimes(from: file.fileTimes)
    where !changes.contains(where: { $0.hasPrefix("\(data): ") }) {
      warnings.append(
        "\(url.path): the files of the \(data) have other times than when it was written. Their sizes, and "
          + "what was compared of their content, are the same; if they have changed nevertheless, start "
          + "in another folder.")
    }
  }

  /// Goes on with other data: takes a position that there is in their epochs, and writes the
  /// checkpoint that the rest of this training goes on from.
  ///
  /// What is left in the folder at any moment leads to the same training: the checkpoints with the other
  /// data are removed once the new one is there. Some might bear higher numbers than it, and a
  /// training that diverges must not go back to them.
  private func adopt(
    _ changes: [String], of file: CheckpointFile, _ url: URL, _ model: Model,
    _ state: TrainingState, _ progress: inout TrainingProgress
  ) throws {
    let stepsPerEpoch = settings.stepsPerEpoch
    let done = progress.epochStepCount
    let steps = settings.stepsPerEpoch(in: file.settings) ?? stepsPerEpoch
    var text = "goes on where it stood"
    if done > 0, done == steps {
      progress.epochStepCount = stepsPerEpoch
    } else if done > 0, !settings.hasSameCount(as: file.settings) {
      progress.restartEpoch()
      text =
        "begins epoch \(progress.epoch) anew, of which \(counted(done, "step")) of \(steps) "
        + (done == 1 ? "was" : "were") + " made"
    }
    state.stepCount = (progress.epoch - 1) * stepsPerEpoch + progress.epochStepCount
    let report = try write(model, state, progress, isDue: true)
    try folder.removeAll(except: report.url)
    warnings.append(
      "\(url.path): written with other data: \(changes.joined(separator: "; ")). The training "
        + "\(text); its bits are no longer those of a training that was left alone.")
  }

  /// Brings everything to where a checkpoint is.
  func restore(
    _ file: CheckpointFile, _ model: inout Model, _ state: TrainingState,
    _ progress: inout TrainingProgress
  ) throws {
    do throws(ModelFileError) {
      try file.restore(&model, state)
    } catch {
      throw CheckpointError(.notRead, error.description, systemError: error.systemError)
    }
    progress = file.progress
  }
}
