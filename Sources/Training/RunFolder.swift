public import Foundation
public import Layers
import ModelFiles

/// The folder of one training: what was asked for, what each epoch did, what came out.
///
/// - `configuration.json`: the configuration, written at the start;
/// - `history.jsonl`: a line for each epoch (``EpochReport/jsonLine``), on the disk before the next
///   epoch begins;
/// - `model.safetensors`: the model, written at the end.
public struct RunFolder: Sendable {
  /// The folder.
  public let url: URL

  /// Where the model is written to.
  public var modelURL: URL { url.appendingPathComponent(Self.modelName) }
  private var historyURL: URL { url.appendingPathComponent(Self.historyName) }

  private static let modelName = "model.safetensors"
  private static let historyName = "history.jsonl"
  private static let configurationName = "configuration.json"

  /// Creates the folder, with the folders around it, for a new run.
  ///
  /// A folder that exists is taken if it holds no run. Of two processes that ask for the same folder
  /// at once, one gets it.
  ///
  /// - Parameters:
  ///   - url: The folder.
  ///   - configuration: Everything that the run was asked for.
  /// - Throws: ``RunFolderError`` if the folder holds a run or cannot be created.
  public init(creating url: URL, configuration: some Encodable) throws {
    self.url = url
    try Self.checkUnused(url)
    try Self.createFolder(url.standardizedFileURL)
    // Created exclusively: the file is the claim to the folder.
    let descriptor = open(historyURL.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      if errno == EEXIST { throw Self.used(url, Self.historyName) }
      throw RunFolderError(.notCreated, "\(historyURL.path): cannot be created: \(systemText()).")
    }
    close(descriptor)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try Self.writing {
      try AtomicFile.write(
        Array(encoder.encode(configuration)) + [UInt8(ascii: "\n")],
        to: url.appendingPathComponent(Self.configurationName).path)
    }
  }

  /// Refuses a folder that holds a run.
  ///
  /// Useful before long work that would be in vain; ``init(creating:configuration:)`` does it too.
  ///
  /// - Throws: ``RunFolderError`` if the folder holds any of the files of a run, or is a file.
  public static func checkUnused(_ url: URL) throws {
    for name in [modelName, historyName, configurationName] {
      if FileManager.default.fileExists(atPath: url.appendingPathComponent(name).path) {
        throw used(url, name)
      }
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue
    {
      throw RunFolderError(
        .notCreated, "\(url.path): expected a folder or nothing, found a file; name another folder."
      )
    }
  }

  /// Creates a folder and the folders around it.
  private static func createFolder(_ url: URL) throws {
    if mkdir(url.path, 0o777) == 0 || errno == EEXIST { return }
    let parent = url.deletingLastPathComponent()
    if errno == ENOENT, parent.path != url.path {
      try createFolder(parent)
      if mkdir(url.path, 0o777) == 0 || errno == EEXIST { return }
    }
    throw RunFolderError(
      .notCreated, "\(url.path): the folder cannot be created: \(systemText()).")
  }

  /// Appends an epoch to the history and waits until it is on the disk.
  ///
  /// - Throws: ``RunFolderError`` if it cannot be written.
  public func append(_ report: EpochReport) throws {
    let descriptor = open(historyURL.path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw historyFailure() }
    defer { close(descriptor) }
    // In one call: a line is there as a whole, or the error tells that it is not.
    let line = Array((report.jsonLine + "\n").utf8)
    guard write(descriptor, line, line.count) == line.count, fsync(descriptor) == 0 else {
      throw historyFailure()
    }
  }

  /// Writes the model.
  ///
  /// - Throws: ``RunFolderError`` if it cannot be written.
  public func save(_ model: Model) throws {
    try Self.writing { try model.save(to: modelURL) }
  }

  private static func writing(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ModelFileError {
      throw RunFolderError(.notWritten, error.description)
    }
  }

  private func historyFailure() -> RunFolderError {
    RunFolderError(
      .notWritten, "\(historyURL.path): the epoch cannot be written: \(systemText()).")
  }

  private static func used(_ url: URL, _ name: String) -> RunFolderError {
    RunFolderError(
      .used,
      "\(url.path): expected a folder without a run, found \(name); name another folder, or remove "
        + "this one.")
  }
}

/// Why a run's folder cannot be created or written.
public struct RunFolderError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of trouble.
  public enum Kind: Sendable, Hashable {
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

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

private func systemText() -> String { String(cString: strerror(errno)) }
