import FilePaths
public import Foundation
public import Layers
public import ModelFiles

/// The folder of one training: what was asked for, what each epoch did, what came out.
///
/// - `configuration.json`: the configuration, written at the start;
/// - `history.jsonl`: a line for each epoch (``EpochReport/jsonLine``), on the disk before the next
///   epoch begins;
/// - `checkpoints`: the folder for the checkpoints of `fit`;
/// - `model.safetensors`: the model, written at the end.
///
/// One process at a time can use a folder: it is claimed by a lock on its file `.lock`, for as long as
/// a copy of this value lives.
public struct RunFolder: Sendable {
  /// The folder.
  public let url: URL
  /// What the user should know of the folder: that its file system has no locks.
  public let warning: String?

  /// Where the model is written to.
  public var modelURL: URL { url.appendingPathComponent(Self.modelName) }
  /// The folder for checkpoints, which `fit` creates.
  public var checkpointsURL: URL { url.appendingPathComponent(Self.checkpointsName) }
  private var historyURL: URL { url.appendingPathComponent(Self.historyName) }
  private var configurationURL: URL { url.appendingPathComponent(Self.configurationName) }

  private static let modelName = "model.safetensors"
  private static let historyName = "history.jsonl"
  private static let configurationName = "configuration.json"
  private static let checkpointsName = "checkpoints"

  /// Whether at every moment the files of the folder are complete.
  public let fileWriting: FileWriting

  private let lock: FolderLock
  /// What ``restore()`` goes back to: whether there was a folder, the names in it, its configuration.
  private let isCreated: Bool
  private let oldNames: Set<String>
  private let oldConfiguration: [UInt8]?

  /// Creates the folder, with the folders around it, for a new run.
  ///
  /// A folder that exists is taken if it holds no run. Of two processes that ask for the same folder
  /// at once, one gets it.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - configuration: Everything that the run was asked for.
  ///   - writing: Whether at every moment the files of the folder are complete.
  /// - Throws: ``RunFolderError`` if the folder holds a run or cannot be created, or if its file system
  ///   lacks what `writing` takes.
  public init(
    creating url: URL, configuration: some Encodable, writing: FileWriting = .atomic
  ) throws {
    try self.init(url, configuration: configuration, writing: writing, resumes: false)
  }

  /// Takes the folder of a run that is to go on, or creates one for a new run.
  ///
  /// The history is left as it is: once it is known where the run goes on, see
  /// ``replaceHistory(_:)``.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - configuration: Everything that the run was asked for; takes the place of what is there.
  ///   - writing: Whether at every moment the files of the folder are complete.
  /// - Throws: ``RunFolderError`` if another process is using the folder, if it cannot be written, or if
  ///   its file system lacks what `writing` takes.
  public init(
    resuming url: URL, configuration: some Encodable, writing: FileWriting = .atomic
  ) throws {
    try self.init(url, configuration: configuration, writing: writing, resumes: true)
  }

  private init(
    _ url: URL, configuration: some Encodable, writing: FileWriting, resumes: Bool
  ) throws {
    self.url = url
    fileWriting = writing
    if !resumes { try Self.checkUnused(url) }
    isCreated = !FileSystem.exists(url.path)
    try Self.writing(.notCreated) { try AtomicFile.createFolder(url.path, writing: writing) }
    lock = try Self.claim(url)
    warning = lock.warning
    // Again: another process may have used the folder between the check and the claim.
    if !resumes { try Self.checkUnused(url) }
    AtomicFile.removeScratchFiles(in: url.path)
    oldNames = Set(
      [Self.configurationName, Self.historyName, Self.checkpointsName].filter {
        FileSystem.exists(url.appendingPathComponent($0).path)
      })
    // One that cannot be read is written anew, and not missed.
    oldConfiguration = FileSystem.contents(
      of: url.appendingPathComponent(Self.configurationName).path)
    do {
      try writeStart(configuration)
    } catch {
      restore()
      throw error
    }
  }

  private func writeStart(_ configuration: some Encodable) throws {
    try Self.writing(.notCreated) {
      if fileWriting == .atomic { try AtomicFile.checkSupport(in: url.path) }
      if !FileSystem.exists(historyURL.path) {
        try AtomicFile.write([], to: historyURL.path, writing: fileWriting)
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try AtomicFile.write(
        Array(encoder.encode(configuration)) + [UInt8(ascii: "\n")],
        to: configurationURL.path, writing: fileWriting)
    }
  }

  /// Makes the folder what it was before this value took it, for a training that never began.
  ///
  /// So one that was refused, for want of memory for instance, can be started again with other
  /// options: what a new run has in it is removed, with the folder if it was created for that, and a
  /// run that was to go on has its configuration back. Folders around it stay.
  public func restore() {
    // Errors are passed over: the one that the training was refused with is to be told.
    if let oldConfiguration {
      try? AtomicFile.write(oldConfiguration, to: configurationURL.path, writing: fileWriting)
    }
    for file in [configurationURL, historyURL] where !oldNames.contains(file.lastPathComponent) {
      FileSystem.removeFile(file.path)
    }
    if !oldNames.contains(Self.checkpointsName) { FolderLock.removeFolder(checkpointsURL.path) }
    if isCreated { FolderLock.removeFolder(url.path) }
  }

  private static func claim(_ url: URL) throws -> FolderLock {
    var lock: FolderLock?
    try writing(.notCreated) { lock = try FolderLock(folder: url.path) }
    guard let lock else {
      throw RunFolderError(
        .inUse,
        "\(url.path): expected a folder that nobody uses, found one in which another process is "
          + "training; wait for its end, or name another folder.")
    }
    return lock
  }

  /// Refuses a folder that another process is training in.
  ///
  /// Useful before long work that would be in vain; the creation of a ``RunFolder`` does it too.
  ///
  /// - Throws: ``RunFolderError``; not where there is no such folder.
  public static func checkNotInUse(_ url: URL) throws {
    if FolderLock.exists(in: url.path) { _ = try claim(url) }
  }

  /// Refuses a folder that holds a run.
  ///
  /// Useful before long work that would be in vain; ``init(creating:configuration:)`` does it too.
  ///
  /// - Throws: ``RunFolderError`` if the folder holds any of the files of a run, or is a file.
  public static func checkUnused(_ url: URL) throws {
    for name in [modelName, historyName, configurationName, checkpointsName] {
      if FileSystem.exists(url.appendingPathComponent(name).path) {
        throw RunFolderError(
          .used,
          "\(url.path): expected a folder without a run, found \(name); name another folder, or "
            + "remove this one.")
      }
    }
    if FileSystem.exists(url.path), !FileSystem.isFolder(url.path) {
      throw RunFolderError(
        .notCreated, "\(url.path): expected a folder or nothing, found a file; name another folder."
      )
    }
  }

  /// Makes the history say what these epochs did, and nothing else; leaves it alone where it does.
  ///
  /// For a run that goes on from a checkpoint: epochs after it are not yet, or no longer, true.
  ///
  /// - Throws: ``RunFolderError`` if it cannot be written; the old one is then as it was, or gone where
  ///   files are written in place (``FileWriting/inPlace``).
  public func replaceHistory(_ epochs: [EpochReport]) throws {
    let text = Array(epochs.map { $0.jsonLine + "\n" }.joined().utf8)
    // One that cannot be read is written again, which reports what is wrong.
    if FileSystem.contents(of: historyURL.path) == text { return }
    try Self.writing(.notWritten) {
      try AtomicFile.write(text, to: historyURL.path, writing: fileWriting)
    }
  }

  /// Appends an epoch to the history and waits until it is on the disk.
  ///
  /// - Throws: ``RunFolderError`` if it cannot be written.
  public func append(_ report: EpochReport) throws {
    if fileWriting == .inPlace { return try rewriteHistory(appending: report) }
    let descriptor = FileSystem.open(
      historyURL.path, flags: O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw historyFailure() }
    defer { close(descriptor) }
    // In one call: a line is there as a whole, or the error tells that it is not.
    let line = Array((report.jsonLine + "\n").utf8)
    let count = write(descriptor, line, line.count)
    // A disk with room for a part of the line takes that, and reports no error.
    if count >= 0 && count < line.count { errno = ENOSPC }
    guard count == line.count, fsync(descriptor) == 0 else { throw historyFailure() }
  }

  /// Writes the history anew, for file systems that do not append.
  private func rewriteHistory(appending report: EpochReport) throws {
    guard let old = FileSystem.contents(of: historyURL.path) else { throw historyFailure() }
    try Self.writing(.notWritten) {
      try AtomicFile.write(
        old + Array((report.jsonLine + "\n").utf8), to: historyURL.path, writing: .inPlace)
    }
  }

  /// Writes the model.
  ///
  /// - Throws: ``RunFolderError`` if it cannot be written.
  public func save(_ model: Model) throws {
    try Self.writing(.notWritten) { try model.save(to: modelURL, writing: fileWriting) }
  }

  private static func writing(_ kind: RunFolderError.Kind, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ModelFileError {
      throw RunFolderError(kind, error.description, systemError: error.systemError)
    }
  }

  private func historyFailure() -> RunFolderError {
    let number = errno
    var text =
      "\(historyURL.path): the epoch cannot be written: \(String(cString: strerror(number)))."
    if number == ENOSPC || number == EDQUOT, let free = FolderSpace.freeByteCount(of: url.path) {
      text += " \(free) bytes are free: free some, and resume the run."
    }
    return RunFolderError(.notWritten, text, systemError: number)
  }
}

/// Why a run's folder cannot be created or written.
public struct RunFolderError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of trouble.
  public enum Kind: Sendable, Hashable {
    /// Another process is training in the folder.
    case inUse
    /// The folder holds a run.
    case used
    /// The folder or a file in it cannot be created.
    case notCreated
    /// A file cannot be written.
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
