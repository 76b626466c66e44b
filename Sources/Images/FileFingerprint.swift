package import Datasets
import Dispatch
package import Foundation
import Threads

/// The fingerprint of image files: their paths below the folder that all lie in, their sizes, and their
/// content or samples of it.
///
/// An epoch reads and decodes every file; this must be little against it. So the content of files up to
/// ``mostWholeBytes`` counts as a whole, and of larger ones three parts; of more than ``mostFiles``
/// files, only every n-th is opened, and of the others the size counts. What is so left out changes
/// hardly ever without the times at which the files were changed: where something was left out, the
/// fingerprint has these, too.
package struct FileFingerprint {
  /// The most files whose content is read.
  package static let mostFiles = 20_000
  /// The size up to which files are read as a whole.
  package static let mostWholeBytes = 256 << 10
  /// The size of each of the parts that are read of larger files: the first, the middle, the last.
  static let partBytes = 64 << 10

  /// What is known of one file.
  fileprivate struct Finding {
    var size = 0
    var content: UInt64 = 0
    var seconds = 0
    var nanoseconds = 0
    var isWhole = false
  }

  /// Reads files, several at once.
  ///
  /// - Parameter mostFiles: How many files are opened.
  /// - Throws: `DatasetError` naming the first file that cannot be read.
  package static func read(
    _ urls: [URL], mostFiles: Int = mostFiles
  ) throws -> DataFingerprint {
    let paths = urls.map { url in
      url.withUnsafeFileSystemRepresentation { path in
        // With the zero at its end. A URL without a path is no file, and reported as one.
        path.map { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) } ?? [0]
      }
    }
    let step = max(1, (paths.count + mostFiles - 1) / max(mostFiles, 1))
    let findings = try findings(paths, step: step)
    let root = commonFolderLength(of: paths)
    var content = ContentChecksum()
    var times = ContentChecksum()
    for (path, finding) in zip(paths, findings) {
      path.withUnsafeBytes { content.add(UnsafeRawBufferPointer(rebasing: $0[root...])) }
      content.add(finding.size)
      content.add(Int(truncatingIfNeeded: finding.content))
      times.add(finding.seconds)
      times.add(finding.nanoseconds)
    }
    let isComplete = findings.allSatisfy(\.isWhole)
    return DataFingerprint(content: content.text, times: isComplete ? nil : times.text)
  }

  private static func findings(_ paths: [[CChar]], step: Int) throws -> [Finding] {
    let blockSize = 64
    let blockCount = (paths.count + blockSize - 1) / blockSize
    let results = Lock<(blocks: [Int: [Finding]], failure: (index: Int, error: any Error)?)>(
      ([:], nil))
    DispatchQueue.concurrentPerform(iterations: blockCount) { block in
      var buffer: [UInt8] = []
      var findings: [Finding] = []
      for index in block * blockSize..<min((block + 1) * blockSize, paths.count) {
        do throws(DatasetError) {
          findings.append(
            try finding(paths[index], isRead: index % step == 0, buffer: &buffer))
        } catch {
          results.withLock { results in
            if index < results.failure?.index ?? .max { results.failure = (index, error) }
          }
          return
        }
      }
      results.withLock { [findings] in $0.blocks[block] = findings }
    }
    let (blocks, failure) = results.withLock { ($0.blocks, $0.failure) }
    if let failure { throw failure.error }
    return (0..<blockCount).flatMap { blocks[$0] ?? [] }
  }

  private static func finding(
    _ path: [CChar], isRead: Bool, buffer: inout [UInt8]
  ) throws(DatasetError) -> Finding {
    var status = stat()
    guard isRead else {
      guard stat(path, &status) == 0 else { throw unreadable(path, errno) }
      return Finding(status)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
    var finding = Finding(status)
    var checksum = ContentChecksum()
    let size = finding.size
    finding.isWhole = size <= mostWholeBytes
    let parts =
      finding.isWhole
      ? [0..<size] : [0, (size - partBytes) / 2, size - partBytes].map { $0..<$0 + partBytes }
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: mostWholeBytes) }
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
        guard count > 0 else { throw unreadable(path, errno) }
        position += count
      }
    }
    finding.content = checksum.value
    return finding
  }

  /// The length of the path, with its last `/`, of the folder that all files lie in.
  private static func commonFolderLength(of paths: [[CChar]]) -> Int {
    guard var prefix = paths.first?[...] else { return 0 }
    for path in paths {
      let shared = zip(prefix, path).prefix { $0 == $1 }.count
      prefix = prefix[..<shared]
    }
    return (prefix.lastIndex(of: CChar(UInt8(ascii: "/"))) ?? -1) + 1
  }

  private static func unreadable(_ path: [CChar], _ number: Int32) -> DatasetError {
    let bytes = path.dropLast().map(UInt8.init(bitPattern:))
    return DatasetError(
      .unreadable, at: String(decoding: bytes, as: UTF8.self),
      expected: "a file that can be read", found: String(cString: strerror(number)),
      advice: "check the file and its permissions")
  }
}

extension FileFingerprint.Finding {
  fileprivate init(_ status: stat) {
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
