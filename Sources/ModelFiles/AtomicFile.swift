import FilePaths
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes a whole file, in place of one that is there, so that at every moment, even when the
/// machine stops, the path names either the complete old file or the complete new one.
///
///     try AtomicFile.write(bytes, to: "runs/model.safetensors")
///
/// The content is written to a scratch file beside it, `.<file>.<process>-<number>.tmp`, forced to
/// the disk, and renamed; then the folder is forced to the disk. Where anything fails, the scratch
/// file is removed and the old file stays. Only a process that is killed while it writes leaves its
/// scratch file behind; nothing else uses it, so delete it, as trainings do in their folders.
///
/// * The folder is opened once and everything happens in it: a relative path keeps its meaning when
///   the program changes its working folder meanwhile.
/// * A symbolic link is followed: what it names is replaced, and the link stays. A link that names
///   nothing is an error.
/// * A file that is replaced hands its permissions to the new one; otherwise the process's file
///   creation mask (umask) decides. Owner, access lists and hard links are not carried over.
/// * Folders, devices and pipes are never replaced.
/// * A file system that cannot do this is refused, with what it lacks; see ``FileWriting/inPlace``.
public enum AtomicFile {
  /// Replaces or creates a file by its bytes.
  ///
  /// - Parameters:
  ///   - bytes: The content.
  ///   - path: The file.
  ///   - writing: Whether at every moment a complete file is there.
  /// - Throws: ``ModelFileError`` where the file cannot be written.
  public static func write(
    _ bytes: [UInt8], to path: String, writing: FileWriting = .atomic
  ) throws(ModelFileError) {
    try write(to: path, expectedSize: bytes.count, writing: writing) {
      (file) throws(ModelFileError) in
      try file.write(bytes)
    }
  }

  /// Replaces or creates a file by what `body` writes.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - expectedSize: How many bytes `body` will write, where known; named by the error when they
  ///     do not fit the disk.
  ///   - writing: Whether at every moment a complete file is there.
  ///   - body: Writes the content. An error that it throws leaves the old file as it was, or none where
  ///     it is written in place.
  /// - Throws: ``ModelFileError`` where the file cannot be written, and what `body` throws.
  public static func write(
    to path: String, expectedSize: Int? = nil, writing: FileWriting = .atomic,
    _ body: (inout AtomicFileWriter) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    if writing == .inPlace {
      return try writeInPlace(to: path, expectedSize: expectedSize, body)
    }
    let target = try resolved(path)
    let folder = FileSystem.open(
      target.folder, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else {
      throw .system(errno, path: path, action: "to open the folder \(quoted(target.folder))")
    }
    defer { close(folder) }
    let permissions = try permissions(ofReplaced: target.name, in: folder, path: path)
    let (descriptor, scratch) = try createScratch(for: target.name, in: folder, path: path)
    do throws(ModelFileError) {
      var isOpen = true
      defer { if isOpen { close(descriptor) } }
      var writer = AtomicFileWriter(
        path: path, descriptor: descriptor, expectedSize: expectedSize, writing: .atomic)
      if let permissions {
        guard fchmod(descriptor, permissions) == 0 else {
          throw .system(errno, path: path, action: "to keep the permissions of the old file")
        }
      }
      try body(&writer)
      try writer.synchronize()
      isOpen = false
      // Some network file systems tell only here that a write failed.
      guard close(descriptor) == 0 || errno == EINTR else {
        throw writer.failure(errno, "to close")
      }
      guard FileSystem.move(scratch, to: target.name, in: folder) else {
        if MissingOperation.rename.isMeant(by: errno) {
          throw MissingOperation.rename.error(errno, path: path)
        }
        throw .system(errno, path: path, action: "to put the new file in place")
      }
    } catch {
      FileSystem.removeFile(scratch, in: folder)
      throw error
    }
    // EINVAL: a file system that has no such operation, as some network ones.
    guard synchronize(folder) || errno == EINVAL else {
      if MissingOperation.synchronize.isMeant(by: errno) {
        throw MissingOperation.synchronize.error(errno, path: path)
      }
      throw .system(
        errno, path: path, action: "to force the folder to the disk",
        advice: "The new file is in place and complete, but may be lost if the machine stops now.")
    }
  }

  /// Removes the scratch files that killed processes have left in a folder.
  ///
  /// Only for a folder in which nobody else writes: see ``FolderLock``.
  package static func removeScratchFiles(in folder: String) {
    for entry in FileSystem.entries(of: folder) ?? [] where isScratch(entry.name) {
      FileSystem.removeFile(folder + "/" + entry.name)
    }
  }

  /// Whether ``createScratch(for:in:path:)`` gives such names: `.<file>.<process>-<number>.tmp`.
  private static func isScratch(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].isEmpty, parts[parts.count - 1] == "tmp" else { return false }
    let numbers = parts[parts.count - 2].split(separator: "-", omittingEmptySubsequences: false)
    return numbers.count == 2 && numbers.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) }
  }

  /// Creates a folder and the folders around it, and forces what it created to the disk.
  ///
  /// - Throws: ``ModelFileError`` where it cannot be created; not where it is there.
  package static func createFolder(
    _ path: String, writing: FileWriting = .atomic
  ) throws(ModelFileError) {
    if !FileSystem.createFolder(path) {
      switch errno {
      case EEXIST: return
      case ENOENT:
        let trimmed = path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
        guard let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")), slash > trimmed.startIndex
        else { throw .system(ENOENT, path: path, action: "to create the folder") }
        try createFolder(String(trimmed[..<slash]), writing: writing)
        guard FileSystem.createFolder(path) || errno == EEXIST else {
          throw .system(errno, path: path, action: "to create the folder")
        }
      case let number: throw .system(number, path: path, action: "to create the folder")
      }
    }
    do throws(ModelFileError) {
      try synchronizeFolder(path + "/..", writing: writing)
    } catch {
      // It was created here: whoever is refused finds what was before.
      FileSystem.removeFolder(path)
      throw error
    }
  }

  /// Forces the names in a folder to the disk; where files are written in place, as far as that can be done.
  package static func synchronizeFolder(
    _ path: String, writing: FileWriting = .atomic
  ) throws(ModelFileError) {
    let folder = FileSystem.open(path, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else {
      // A folder around that of the run, which need not be readable.
      if writing == .inPlace, errno == EACCES || errno == EPERM { return }
      throw .system(errno, path: path, action: "to open the folder")
    }
    defer { close(folder) }
    guard synchronize(folder) || errno == EINVAL else {
      if MissingOperation.synchronize.isMeant(by: errno) {
        if writing == .inPlace { return }
        throw MissingOperation.synchronize.error(errno, path: path)
      }
      throw .system(errno, path: path, action: "to force the folder to the disk")
    }
  }

  /// Calls `fsync` until no signal interrupts it; false where it fails, and why in `errno`.
  static func synchronize(_ descriptor: Int32) -> Bool {
    while fsync(descriptor) != 0 {
      guard errno == EINTR else { return false }
    }
    return true
  }

  /// Cuts a path into folder and file, the symbolic link at its end resolved.
  static func resolved(
    _ path: String
  ) throws(ModelFileError) -> (folder: String, name: String) {
    guard !path.isEmpty, !path.utf8.contains(0), path.utf8.last != UInt8(ascii: "/") else {
      throw ModelFileError(
        file: quoted(path), expected: "the path of a file", found: "no name of a file at its end",
        advice: "Give a path that ends in the file's name.")
    }
    var full = path
    if let status = FileSystem.status(of: path, followsLink: false),
      status.st_mode & S_IFMT == S_IFLNK
    {
      guard let real = FileSystem.realPath(path) else {
        throw .system(
          errno, path: path, action: "a symbolic link to a file that exists",
          advice: "Remove the link, or create what it names.")
      }
      full = real
    }
    guard let slash = full.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", full) }
    let afterSlash = full.utf8.index(after: slash)
    return (String(full[..<afterSlash]), String(full[afterSlash...]))
  }

  /// The permissions of the file that will be replaced; nil where there is none.
  private static func permissions(
    ofReplaced name: String, in folder: Int32, path: String
  ) throws(ModelFileError) -> mode_t? {
    guard let status = FileSystem.status(of: name, in: folder, followsLink: false) else {
      guard errno == ENOENT else {
        throw .system(errno, path: path, action: "to look for an old file")
      }
      return nil
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ModelFileError(
        file: path, expected: "a regular file or none",
        found: status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device, a pipe or a link",
        advice: "Choose another path.")
    }
    return status.st_mode & 0o777
  }

  /// The name of a scratch file, in which that of the file is cut where it would be too long.
  private static func scratchName(for name: String, ending: String) -> String {
    let rest = PathText.decode(name).prefix(Int(NAME_MAX) - 1 - ending.utf8.count)
    return "." + PathText.encode(rest) + ending
  }

  private static let scratchCount = Atomic<Int>(0)

  /// A name for a scratch file that this process has not used before.
  static func newScratchName(for name: String) -> String {
    let number = scratchCount.wrappingAdd(1, ordering: .relaxed).oldValue
    return scratchName(for: name, ending: ".\(getpid())-\(number).tmp")
  }

  /// Creates and opens a file under a name that nothing bears.
  private static func createScratch(
    for name: String, in folder: Int32, path: String
  ) throws(ModelFileError) -> (descriptor: Int32, name: String) {
    while true {
      let scratch = newScratchName(for: name)
      let descriptor = FileSystem.open(
        scratch, in: folder, flags: O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions: 0o666)
      if descriptor >= 0 { return (descriptor, scratch) }
      // The name may be taken by the rest of a killed process that had the same number, as the
      // first process of every container has.
      guard errno == EEXIST || errno == EINTR else {
        throw .system(
          errno, path: path, action: "to create the scratch file \(quoted(scratch)) beside it")
      }
    }
  }
}
