import ArgumentParser
import Foundation
import Needletail

/// When `train` writes checkpoints, and whether it starts from one.
struct CheckpointArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      How often to write a checkpoint to the run folder: 1epoch, 500steps, 10minutes, or off. \
      (default: 1epoch)
      """, valueName: "interval|off"), transform: CheckpointChoice.init)
  var checkpointEvery: CheckpointChoice?

  @Option(
    help: ArgumentHelp("How many checkpoints to keep. (default: 2)", valueName: "checkpoints"),
    transform: OptionNumber.whole(1...1_000_000))
  var keep: Int?

  @Flag(
    name: .customLong("resume"),
    help: "Go on from the newest checkpoint in the run folder; without one, start afresh.")
  var resumesOnly = false

  @Flag(
    help: """
      As --resume, and go on even if the images have changed since, as when a bad file was removed; the \
      bits are then those of no undisturbed training.
      """)
  var resumeWithChangedData = false

  @Option(
    help: """
      What to do when the loss is no longer finite: stop, or rollback, which goes back to the last \
      checkpoint and halves the learning rate.
      """)
  var onDivergence = Checkpointing.DivergenceAction.stop

  @Flag(
    help: """
      Write the files of the run folder where they lie, for file systems that cannot rename or force to \
      the disk: a process that is killed leaves half a file.
      """)
  var withoutAtomicWrites = false

  /// Whether at every moment the files of the run folder are complete.
  var writing: FileWriting { withoutAtomicWrites ? .inPlace : .atomic }

  /// How often a checkpoint is due; nil where none are written.
  var interval: CheckpointInterval? { (checkpointEvery ?? .every(.epochs(1))).interval }

  /// How many are kept.
  var keepCount: Int { keep ?? 2 }

  /// Whether to go on from a checkpoint.
  var resume: Bool { resumesOnly || resumeWithChangedData }

  /// Whether checkpoints are written into a run folder.
  var areWritten: Bool { interval != nil }

  /// What `fit` takes.
  func options(in folder: URL) -> Checkpointing? {
    interval.map {
      Checkpointing(
        in: folder, every: $0, keepCount: keepCount, resumes: resume,
        acceptsChangedData: resumeWithChangedData, onDivergence: onDivergence, writing: writing)
    }
  }

  /// Refuses options that would do nothing.
  func check(hasOutput: Bool) throws {
    guard hasOutput || !withoutAtomicWrites else {
      throw OptionError(
        "--without-atomic-writes", expected: "--output, the folder, too", found: "none")
    }
    let needing = [
      (checkpointEvery?.interval != nil, "--checkpoint-every"), (keep != nil, "--keep"),
      (resumesOnly, "--resume"), (resumeWithChangedData, "--resume-with-changed-data"),
      (onDivergence == .rollback, "--on-divergence rollback"),
    ]
    for (isGiven, name) in needing where isGiven {
      guard hasOutput else {
        throw OptionError(
          name, expected: "--output, the folder of the checkpoints, too", found: "none")
      }
      guard areWritten else {
        throw OptionError(name, expected: "checkpoints", found: "--checkpoint-every off")
      }
    }
  }
}

/// An interval, or no checkpoints.
enum CheckpointChoice {
  case off
  case every(CheckpointInterval)

  init(_ text: String) throws {
    self = text == "off" ? .off : .every(try CheckpointInterval(text))
  }

  var interval: CheckpointInterval? {
    if case .every(let interval) = self { interval } else { nil }
  }
}
