import Dispatch
import Foundation
import Needletail

/// Tells how a training goes, on standard output.
final class TrainReporter {
  enum Style {
    /// A line that is written again and again while the epoch lasts.
    case live
    /// A line an epoch.
    case lines
    /// A JSON object an epoch.
    case json
  }

  private let style: Style
  private let isQuiet: Bool
  private let facts: TrainFacts
  private var start: TrainingStart?
  private var trainingStart = DispatchTime.now()
  private var epochStart = DispatchTime.now()
  private var lastUpdate = DispatchTime(uptimeNanoseconds: 0)
  /// The epoch that a resumed training began in, and how many of its examples another process saw.
  private var resumedEpoch = 0
  private var resumedCount = 0
  /// The newest checkpoint.
  private var checkpoint: String?
  private var lastReport: CheckpointReport?

  init(style: Style, isQuiet: Bool, facts: TrainFacts) {
    self.style = style
    self.isQuiet = isQuiet
    self.facts = facts
  }

  func started(_ start: TrainingStart) throws {
    self.start = start
    trainingStart = .now()
    epochStart = .now()
    lastUpdate = .now()
    checkpoint = start.resumption?.checkpoint?.path
    if let position = start.resumption?.position {
      resumedEpoch = position.epoch
      resumedCount = min(
        position.epochStepCount * facts.arguments.batch, max(0, start.exampleCount - 1))
    }
    guard !isQuiet else { return }
    if style == .json {
      try StandardOutput.line(JSONValue.object(facts.json(start)).canonicalText)
    } else {
      for line in facts.lines(start) { try StandardOutput.line(line) }
    }
  }

  func stepEnded(_ progress: EpochProgress) throws {
    guard style == .live, !isQuiet, let start else { return }
    let now = DispatchTime.now()
    guard seconds(from: lastUpdate, to: now) > 0.1 else { return }
    lastUpdate = now
    let elapsed = seconds(from: epochStart, to: now)
    let fresh = progress.exampleCount - (progress.epoch == resumedEpoch ? resumedCount : 0)
    let rate = Double(fresh) / max(elapsed, 1e-9)
    let share = Double(progress.exampleCount) / Double(max(start.exampleCount, 1))
    let done = Int(share * 20)
    let bar = String(repeating: "█", count: done) + String(repeating: "░", count: 20 - done)
    let text =
      "\(name(of: progress.epoch))  \(bar)  \(scores(progress.loss, progress.metrics))  "
      + "\(NumberText.grouped(Int(rate))) images/s  "
      + "\(NumberText.duration(Double(start.exampleCount - progress.exampleCount) / rate)) left"
    try StandardOutput.write(
      StandardOutput.lineEraser + TerminalText.cut(text, toColumns: StandardOutput.columnCount - 1))
  }

  func epochEnded(_ report: EpochReport) throws {
    defer {
      epochStart = .now()
      lastUpdate = .now()
    }
    guard !isQuiet else { return }
    if style == .json {
      var members = report.jsonMembers
      members["event"] = .string("epoch")
      return try StandardOutput.line(JSONValue.object(members).canonicalText)
    }
    var text = "\(name(of: report.epoch))  \(scores(report.loss, report.metrics))"
    if let validation = report.validation {
      text += "  validation \(scores(validation.loss, validation.metrics))"
    }
    text +=
      "  \(NumberText.grouped(Int(report.examplesPerSecond))) images/s  "
      + NumberText.duration(report.seconds)
    try StandardOutput.line((style == .live ? StandardOutput.lineEraser : "") + text)
  }

  /// A checkpoint was written.
  func checkpointed(_ report: CheckpointReport) {
    checkpoint = report.url.path
    lastReport = report
  }

  /// A training that had diverged goes on from a checkpoint.
  func rolledBack(_ report: RollbackReport) throws {
    checkpoint = report.checkpoint.path
    epochStart = .now()
    resumedEpoch = report.position.epoch
    resumedCount = report.position.epochStepCount * facts.arguments.batch
    if style == .live { try StandardOutput.write(StandardOutput.lineEraser) }
    StandardError.warn(
      "\(report.divergence) Going back to \(report.checkpoint.lastPathComponent) with "
        + "\(report.learningRateFactor) of the learning rate (\(report.rollbackCount) of at most "
        + "\(Checkpointing.maximumRollbackCount) times).")
  }

  /// What to throw where a signal has ended the training; said even with `--quiet`.
  func interrupted(by signal: String) -> EndedTraining {
    ended(by: InterruptedTraining(signal: signal, checkpoint: lastReport))
  }

  /// What to throw where an error has ended the training.
  ///
  /// - Parameters:
  ///   - isTrained: Whether all epochs had ended.
  ///   - model: The file of the trained model, if it was written.
  func ended(by error: any Error, isTrained: Bool = false, model: String? = nil) -> EndedTraining {
    // What cannot be written is of no interest: the line goes because an error is to be told.
    if style == .live, !isQuiet { try? StandardOutput.write(StandardOutput.lineEraser) }
    let written = (error as? TrainingFailure)?.checkpoint?.url.path
    return EndedTraining(
      error: error, checkpoint: written ?? checkpoint, model: model, isTrained: isTrained)
  }

  /// The last line, which `--quiet` leaves.
  func ended(test: EvaluationResult?, modelPath: String?) throws {
    let seconds = seconds(from: trainingStart, to: .now())
    if style == .json {
      var members: JSONObject = ["seconds": .finite(seconds)]
      if let checkpoint { members["checkpoint"] = .string(checkpoint) }
      if let modelPath { members["model"] = .string(modelPath) }
      if let test {
        members["test_loss"] = .finite(test.loss)
        members["test_count"] = .integer(test.exampleCount)
        for metric in test.metrics { members["test_" + metric.name] = .finite(metric.value) }
      }
      let text = TrainEnding.finished(members)
      Interruption.endIsBeingTold()
      return try StandardOutput.line(text)
    }
    if let test {
      try StandardOutput.line(
        "test      \(scores(test.loss, test.metrics))  "
          + "(\(NumberText.count(test.exampleCount, "image")))")
    }
    guard !isQuiet || test == nil else { return }
    try StandardOutput.line(
      "done      \(NumberText.duration(seconds))" + (modelPath.map { ", model in \($0)" } ?? ""))
  }

  private func name(of epoch: Int) -> String {
    let count = String(start?.epochCount ?? epoch)
    let number = String(epoch)
    let space = String(repeating: " ", count: max(0, count.count - number.count))
    return "epoch \(space)\(number)/\(count)"
  }

  private func scores(_ loss: Double, _ metrics: [MetricValue]) -> String {
    (["loss \(NumberText.loss(loss))"] + metrics.map(NumberText.metric)).joined(separator: "  ")
  }

  private func seconds(from start: DispatchTime, to end: DispatchTime) -> Double {
    Double(end.uptimeNanoseconds &- start.uptimeNanoseconds) * 1e-9
  }
}
