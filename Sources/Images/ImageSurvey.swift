import Datasets
import Dispatch
import Synchronization
import Threads

/// What the files of some images are, by their headers and ends: looked at, several at once, before any of
/// them is used.
struct ImageSurvey: Sendable {
  /// The header of each image; nil of those that cannot be read.
  let headers: [ImageHeader?]
  /// What is wrong with the others, in their order.
  let problems: [DatasetError]

  /// Looks at files.
  ///
  /// - Parameters:
  ///   - paths: The files.
  ///   - decodes: Whether the pixels are decoded, too, which shows all damage; else header and end only.
  init(of paths: [String], decodes: Bool, options: ImageOptions) throws {
    try OwnProcess.check()
    let shared = Shared(paths: paths, decodes: decodes, limits: options.limits)
    let workers = min(options.workerCount, max(1, paths.count / 16))
    if workers == 1 {
      shared.run()
    } else {
      DispatchQueue.concurrentPerform(iterations: workers) { _ in shared.run() }
    }
    if let error = shared.failure.withLock({ $0 }) { throw error }
    let found = shared.found.withLock { $0 }
    headers = found.map { try? $0?.get() }
    problems = found.compactMap { if case .failure(let error) = $0 { error } else { nil } }
  }

  /// What the threads share.
  private final class Shared: @unchecked Sendable {
    let paths: [String]
    let decodes: Bool
    let limits: ImageLimits
    let next = Atomic<Int>(0)
    let found: Lock<[Result<ImageHeader, DatasetError>?]>
    /// What keeps from looking at all.
    let failure = Lock<(any Error)?>(nil)

    /// Files that a thread takes at a time.
    private static let portion = 16

    init(paths: [String], decodes: Bool, limits: ImageLimits) {
      self.paths = paths
      self.decodes = decodes
      self.limits = limits
      found = Lock([Result<ImageHeader, DatasetError>?](repeating: nil, count: paths.count))
    }

    func run() {
      do {
        let decoder = try ImageDecoder(limits: limits)
        while case let start = next.wrappingAdd(Self.portion, ordering: .relaxed).oldValue,
          start < paths.count
        {
          let results = try paths[start..<min(start + Self.portion, paths.count)].map {
            try look(at: $0, decoder)
          }
          found.withLock { $0.replaceSubrange(start..<start + results.count, with: results) }
        }
      } catch {
        failure.withLock { $0 = error }
        next.store(paths.count, ordering: .relaxed)
      }
    }

    private func look(
      at path: String, _ decoder: ImageDecoder
    ) throws -> Result<ImageHeader, DatasetError>? {
      do {
        guard decodes else { return .success(try decoder.check(path)) }
        return .success(
          try decoder.withFile(path) { bytes in
            let header = try decoder.header(of: bytes, name: path)
            let pixels = try decoder.outputBytes(
              count: header.width * header.height * header.channels, for: path)
            try decoder.decode(
              bytes, header, name: path, width: header.width, height: header.height,
              channels: header.channels, to: pixels)
            return header
          })
      } catch let error as DatasetError {
        return .failure(error)
      }
    }
  }
}
