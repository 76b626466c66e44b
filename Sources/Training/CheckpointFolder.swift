import FilePaths
import Foundation
import ModelFiles

/// The folder that holds the checkpoints of one training, claimed by this process.
///
/// `step-<number>.safetensors` is a checkpoint that was due, `step-<number>-extra.safetensors` one
/// that was not: asked for by an answer to an event, or the last of a training.
struct CheckpointFolder: Sendable {
  /// A file by its name.
  struct Entry: Sendable, Hashable {
    let stepCount: Int
    let isDue: Bool
    let url: URL
  }

  let url: URL
  let lock: FolderLock
  private let writing: FileWriting

  /// Creates the folder where it is not there, claims it, and removes what killed writers left.
  init(claiming url: URL, writing: FileWriting) throws {
    self.url = url
    self.writing = writing
    do {
      try AtomicFile.createFolder(url.path, writing: writing)
      guard let lock = try FolderLock(folder: url.path) else {
        throw CheckpointError(
          .inUse,
          "\(url.path): expected a folder in which nobody trains, found one that another training "
            + "is using; wait for its end, or name another folder.")
      }
      self.lock = lock
      if writing == .atomic { try AtomicFile.checkSupport(in: url.path) }
    } catch let error as ModelFileError {
      throw CheckpointError(.notCreated, error.description, systemError: error.systemError)
    }
    AtomicFile.removeScratchFiles(in: url.path)
  }

  /// The file of a checkpoint.
  func url(stepCount: Int, isDue: Bool) -> URL {
    let digits = String(stepCount)
    let zeros = String(repeating: "0", count: max(0, 9 - digits.count))
    return url.appendingPathComponent(
      "step-\(zeros)\(digits)\(isDue ? "" : "-extra").safetensors")
  }

  /// The checkpoints, newest first.
  func entries() throws -> [Entry] {
    guard let entries = FileSystem.entries(of: url.path) else {
      let number = errno
      let reason = String(cString: strerror(number))
      throw CheckpointError(
        .notRead, "\(url.path): expected a folder that can be read, found \(reason).",
        systemError: number)
    }
    return entries.map(\.name).compactMap { name -> Entry? in
      guard let match = name.wholeMatch(of: /step-([0-9]{9,18})(-extra)?\.safetensors/),
        let stepCount = Int(match.1)
      else { return nil }
      return Entry(
        stepCount: stepCount, isDue: match.2 == nil, url: url.appendingPathComponent(name))
    }
    // Of the same step, the extra one is newer: it was written after the end of the epoch.
    .sorted { ($0.stepCount, $0.isDue ? 0 : 1) > ($1.stepCount, $1.isDue ? 0 : 1) }
  }

  /// The bytes that the checkpoints take.
  func byteCount() throws -> Int {
    try entries().reduce(0) { sum, entry in
      // A file that has gone meanwhile takes nothing.
      sum + (FileSystem.status(of: entry.url.path).map { Int($0.st_size) } ?? 0)
    }
  }

  /// Removes those that are no longer kept: of the due ones, all but the newest `keepCount`; of the
  /// others, all but the newest, and that, too, once a due one has caught up with it.
  func removeOld(keepCount: Int) throws {
    let entries = try entries()
    let newestDue = entries.first(where: \.isDue)?.stepCount ?? -1
    let old =
      entries.filter(\.isDue).dropFirst(keepCount)
      + entries.filter { !$0.isDue }.enumerated()
      .filter { $0.offset > 0 || $0.element.stepCount < newestDue }.map(\.element)
    for entry in old { FileSystem.removeFile(entry.url.path) }
  }

  /// Removes the checkpoints after a step, and those of the step that were not due.
  func removeAll(after stepCount: Int) throws {
    for entry in try entries() where entry.stepCount > stepCount || !entry.isDue {
      FileSystem.removeFile(entry.url.path)
    }
    try AtomicFile.synchronizeFolder(url.path, writing: writing)
  }

  /// Removes all checkpoints but one.
  func removeAll(except url: URL) throws {
    for entry in try entries() where entry.url.lastPathComponent != url.lastPathComponent {
      FileSystem.removeFile(entry.url.path)
    }
    try AtomicFile.synchronizeFolder(self.url.path, writing: writing)
  }

  /// Gives a damaged file another name, so that it is kept and not counted.
  func setAside(_ entry: Entry) -> String {
    let name = entry.url.path + ".damaged"
    let isMoved = FileSystem.move(entry.url.path, to: name)
    return isMoved ? "it is now \(name)" : "it could not be renamed"
  }
}
