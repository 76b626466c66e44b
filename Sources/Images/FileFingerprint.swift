package import Datasets
import FilePaths
import Foundation
import Threads

/// The fingerprint of image files: their paths below the folder that all lie in, their sizes, and their
/// content or samples of it.
///
/// An epoch reads and decodes every file; this must be little against it. So not everything is read:
/// of small files, which are trained on in little time, about ``mostSmallFiles``, of others
/// ``mostFiles``, and of large ones three parts. Of the files that are not opened the size counts. What
/// is so left out changes hardly ever without the times at which the files were changed: where
/// something was left out, the fingerprint has these, too.
package struct FileFingerprint {
  /// About how many files are opened, at most.
  package static let mostFiles = 20_000
  /// About how many files smaller than ``smallBytes`` are opened, at most.
  package static let mostSmallFiles = 2500
  /// The size from which a file is not small.
  package static let smallBytes = 32 << 10
  /// The size up to which files are read as a whole.
  package static let mostWholeBytes = 256 << 10
  /// The size of each of the parts that are read of larger files: the first, the middle, the last.
  static let partBytes = 64 << 10

  /// What is known of one file.
  fileprivate struct Finding {
    var path = ""
    var size = 0
    var content: UInt64 = 0
    var seconds = 0
    var nanoseconds = 0
    var isWhole = false
  }

  /// Every how many files one is opened.
  private let step: Int
  private let smallStep: Int

  /// Reads files, several at once.
  ///
  /// - Parameters:
  ///   - count: How many files there are.
  ///   - mostFiles: About how many are opened.
  ///   - mostSmallFiles: About how many small ones are opened.
  ///   - threadCount: How many are read at once.
  ///   - path: Where the file of a number is; called on several threads.
  /// - Throws: `DatasetError` naming the first file that cannot be read.
  package static func read(
    count: Int, mostFiles: Int = mostFiles, mostSmallFiles: Int = mostSmallFiles,
    threadCount: Int, path: @Sendable (Int) -> String
  ) throws -> DataFingerprint {
    let reader = FileFingerprint(
      step: max(1, (count + mostFiles - 1) / max(mostFiles, 1)),
      smallStep: max(1, (count + mostSmallFiles - 1) / max(mostSmallFiles, 1)))
    let findings = try reader.findings(count, path, threadCount: threadCount)
    let root = commonFolderLength(of: findings)
    var content = ContentChecksum()
    var times = ContentChecksum()
    for finding in findings {
      Array(finding.path.utf8.dropFirst(root)).withUnsafeBytes { content.add($0) }
      content.add(finding.size)
      content.add(Int(truncatingIfNeeded: finding.content))
      times.add(finding.seconds)
      times.add(finding.nanoseconds)
    }
    let isComplete = findings.allSatisfy(\.isWhole)
    return DataFingerprint(content: content.text, times: isComplete ? nil : times.text)
  }

  private func findings(
    _ count: Int, _ path: @Sendable (Int) -> String, threadCount: Int
  ) throws -> [Finding] {
    let blockSize = 64
    let blockCount = (count + blockSize - 1) / blockSize
    let results = Lock<(blocks: [Int: [Finding]], failure: (index: Int, error: any Error)?)>(
      ([:], nil))
    WorkerTeam(threadCount: threadCount).run(count: count, chunkSize: blockSize) { block in
      var buffer: [UInt8] = []
      var findings: [Finding] = []
      for index in block {
        do throws(DatasetError) {
          findings.append(try finding(index, path(index), buffer: &buffer))
        } catch {
          results.withLock { results in
            if index < results.failure?.index ?? .max { results.failure = (index, error) }
          }
          return
        }
      }
      results.withLock { [findings] in $0.blocks[block.lowerBound / blockSize] = findings }
    }
    let (blocks, failure) = results.withLock { ($0.blocks, $0.failure) }
    if let failure { throw failure.error }
    return (0..<blockCount).flatMap { blocks[$0] ?? [] }
  }

  private func finding(
    _ index: Int, _ path: String, buffer: inout [UInt8]
  ) throws(DatasetError) -> Finding {
    guard let status = FileSystem.status(of: path) else { throw Self.unreadable(path, errno) }
    var finding = Finding(path, status)
    guard index % (finding.size < Self.smallBytes ? smallStep : step) == 0 else { return finding }
    let descriptor = FileSystem.open(path, flags: O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
    defer { close(descriptor) }
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: Self.mostWholeBytes) }
    var checksum = ContentChecksum()
    let size = finding.size
    finding.isWhole = size <= Self.mostWholeBytes
    let part = Self.partBytes
    let parts =
      finding.isWhole ? [0..<size] : [0, (size - part) / 2, size - part].map { $0..<$0 + part }
    for part in parts {
      var position = part.lowerBound
      while position < part.upperBound {
        let count = buffer.withUnsafeMutableBytes { bytes in
          let count = pread(
            descriptor, bytes.baseAddress, part.upperBound - position, off_t(position))
          if count > 0 { checksum.add(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
          return count
        }
        if count < 0 && errno == EINTR { continue }
        // A file that has become shorter meanwhile is another one: what is left counts.
        guard count != 0 else { break }
        guard count > 0 else { throw Self.unreadable(path, errno) }
        position += count
      }
    }
    finding.content = checksum.value
    return finding
  }

  /// The length of the path, with its last `/`, of the folder that all files lie in.
  private static func commonFolderLength(of findings: [Finding]) -> Int {
    guard var prefix = findings.first.map({ Array($0.path.utf8)[...] }) else { return 0 }
    for finding in findings {
      let shared = zip(prefix, finding.path.utf8).prefix { $0 == $1 }.count
      if shared < prefix.count { prefix = prefix[..<shared] }
    }
    return (prefix.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
  }

  private static func unreadable(_ path: String, _ number: Int32) -> DatasetError {
    DatasetError(
      systemError: number, at: path, expected: "a file that can be read",
      advice: "check the file and its permissions")
  }
}

extension FileFingerprint.Finding {
  fileprivate init(_ path: String, _ status: stat) {
    self.path = path
    size = Int(status.st_size)
    #if canImport(Darwin)
    let time = status.st_mtimespec
    #else
    let time = status.st_mtim
    #endif
    seconds = Int(time.tv_sec)
    nanoseconds = Int(time.tv_nsec)
  }
}
