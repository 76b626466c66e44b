public import Foundation
public import ModelFiles

/// Whether and how `fit` writes checkpoints, and whether it starts from one.
///
///     try trainer.fit(
///       &model, to: training, epochs: 90,
///       checkpoints: Checkpointing(in: folder, resumes: true))
///
/// A checkpoint holds all that the rest of a training depends on: parameters, the optimizer's
/// moments, the steps made, the sums of the epoch so far, the history. Random numbers and the order
/// of the examples are functions of the seed and the step. So a training that was interrupted at any
/// moment and resumed from a checkpoint ends with the same bits as one that was left alone, on any
/// number of threads.
///
/// A checkpoint is a model's file, too: `Model(contentsOf:)` reads the model of its step.
public struct Checkpointing: Sendable, Hashable {
  /// What to do where a training has diverged: where the loss, a parameter or a gradient's norm is
  /// not a finite number.
  public enum DivergenceAction: String, Sendable, Hashable, CaseIterable, Codable {
    /// Throw a ``DivergenceError``.
    case stop
    /// Go back to the last checkpoint that was due, halve the learning rate for the rest of the
    /// training and go on; after ``maximumRollbackCount`` times, or where there is no checkpoint to
    /// go back to, throw the error.
    ///
    /// A checkpoint whose very next step diverges is given up for the one before it. With an
    /// interval in minutes, what comes out depends on how fast the machine is.
    case rollback
  }

  /// How often a training goes back to a checkpoint before it is given up.
  public static let maximumRollbackCount = 5
  /// What the learning rate is multiplied by when a training goes back.
  public static let rollbackFactor: Float = 0.5

  /// The folder of the checkpoints; created if it is not there.
  ///
  /// One training at a time can use it.
  public var folder: URL
  /// How often a checkpoint is due.
  ///
  /// Besides, one is written at the end of the training and when the
  /// answer to an event asks for it.
  public var interval: CheckpointInterval
  /// How many of the checkpoints that were due are kept, at least 1: the newest.
  ///
  /// Of others, only the
  /// newest is kept, until one that is due has been written.
  public var keepCount: Int
  /// Whether to start from the newest complete checkpoint in the folder; without one, the training
  /// starts afresh.
  ///
  /// Without this, a folder that holds checkpoints is refused.
  public var resumes: Bool
  /// Whether a training may go on from a checkpoint that was written with other data: with a bad file
  /// removed, with files added.
  ///
  /// What comes out then has the bits of no training that was left alone, and a warning says so. With
  /// as many examples as before, it goes on where it stood. With another number, examples have other
  /// places in an epoch: the epoch under way begins anew, with the parameters as they are, and steps are
  /// counted as if all epochs had had the new number of them. Everything but the data must be the same; a
  /// learning rate may differ in its numbers of steps. The checkpoints with the other data are removed
  /// once one with these has been written.
  public var acceptsChangedData: Bool
  /// What to do where the training has diverged.
  public var onDivergence: DivergenceAction
  /// Whether at every moment the files are complete; a half checkpoint is found by its checksum, and the one
  /// before it used.
  public var writing: FileWriting

  /// Creates options.
  ///
  /// - Parameters:
  ///   - folder: The folder of the checkpoints.
  ///   - interval: How often a checkpoint is due.
  ///   - keepCount: How many to keep.
  ///   - resumes: Whether to start from the newest one.
  ///   - acceptsChangedData: Whether the newest one may be of other data.
  ///   - onDivergence: What to do where the training has diverged.
  ///   - writing: Whether at every moment the files are complete.
  /// - Precondition: `keepCount` is at least 1, as are steps and epochs of the interval; minutes are
  ///   more than 0.
  public init(
    in folder: URL, every interval: CheckpointInterval = .epochs(1), keepCount: Int = 2,
    resumes: Bool = false, acceptsChangedData: Bool = false,
    onDivergence: DivergenceAction = .stop, writing: FileWriting = .atomic
  ) {
    precondition(keepCount >= 1, "A training keeps at least one checkpoint.")
    let isPositive =
      switch interval {
      case .steps(let count), .epochs(let count): count >= 1
      case .minutes(let count): count > 0
      }
    precondition(isPositive, "A checkpoint every \(interval) is never due.")
    self.folder = folder
    self.interval = interval
    self.keepCount = keepCount
    self.resumes = resumes
    self.acceptsChangedData = acceptsChangedData
    self.onDivergence = onDivergence
    self.writing = writing
  }
}

/// A checkpoint that was written.
public struct CheckpointReport: Sendable, Hashable {
  /// The file.
  public let url: URL
  /// Where the training stands in it.
  public let position: TrainingPosition
  /// The file's size.
  public let byteCount: Int
}

/// What a training that was to be resumed found.
public struct TrainingResumption: Sendable, Hashable {
  /// The checkpoint that it goes on from; nil where there was none, and the training starts afresh.
  public let checkpoint: URL?
  /// Where it goes on.
  public let position: TrainingPosition
  /// The epochs that had ended.
  public let epochs: [EpochReport]
  /// Whether all epochs that were asked for had ended.
  public let isComplete: Bool
}

/// How a training that had diverged went back to a checkpoint.
public struct RollbackReport: Sendable, Hashable {
  /// Why.
  public let divergence: DivergenceError
  /// The checkpoint that it went back to.
  public let checkpoint: URL
  /// Where it goes on.
  public let position: TrainingPosition
  /// The epochs that had ended there.
  public let epochs: [EpochReport]
  /// What learning rates are multiplied by from here on.
  public let learningRateFactor: Float
  /// How often the training has gone back, this time included.
  public let rollbackCount: Int
}

/// Why a training cannot write its checkpoints or start from them.
public struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of trouble.
  public enum Kind: Sendable, Hashable {
    /// Another process is training in the folder.
    case inUse
    /// The folder holds checkpoints and was to be new.
    case used
    /// The checkpoints are of a training with other settings.
    case otherSettings
    /// A checkpoint is there and cannot be read.
    case notRead
    /// The folder cannot be created or has not enough space; nothing was trained.
    case notCreated
    /// A checkpoint cannot be written; those written before it are intact.
    case notWritten
  }

  /// The kind of trouble.
  public let kind: Kind
  /// Where, what was expected, what was found, and what to do.
  public let description: String
  /// The system's error number; nil where the system reported none.
  public let systemError: Int32?

  init(_ kind: Kind, _ description: String, systemError: Int32? = nil) {
    self.kind = kind
    self.description = description
    self.systemError = systemError
  }
}
