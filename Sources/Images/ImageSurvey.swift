import Datasets
import Synchronization
import Threads

/// What the files of some images are, by their headers and ends: looked at, several at once, before any of
/// them is used.
struct ImageSurvey: Sendable {
  /// The header of each image; nil of those that cannot be read.
  let headers: [ImageHeader?]
  /// What is wrong with the others, in their order.
  let problems: [DatasetError]
  /// What is odd about images that were decoded, by their places.
  private let notes: [Int: Set<ImageNote>]

  /// Looks at files.
  ///
  /// - Parameters:
  ///   - paths: The files.
  ///   - decodes: Whether the pixels are decoded, too, which shows all damage; else header and end only.
  /// - Throws: `DatasetError` where the system has no memory or open files for it: what cannot be looked at
  ///   for that is not bad.
  init(of paths: [String], decodes: Bool, options: ImageOptions) throws {
    try Engine.check()
    let shared = Shared(paths: paths, decodes: decodes, options: options)
    let workers = min(options.workerCount, max(1, paths.count / 16))
    WorkerTeam(threadCount: workers).run(count: workers, chunkSize: 1) { _ in shared.run() }
    if let error = shared.failure.withLock({ $0 }) { throw error }
    let found = shared.found.withLock { $0 }
    notes = shared.notes.withLock { $0 }
    // The errors of the others are the problems.
    headers = found.map { try? $0?.get() }
    problems = found.compactMap { if case .failure(let error) = $0 { error } else { nil } }
  }

  /// The images with each note, by their places among those that are kept.
  func notes(keeping isKept: [Bool]) -> [ImageNote: Set<Int>] {
    guard !notes.isEmpty else { return [:] }
    var result: [ImageNote: Set<Int>] = [:]
    var place = 0
    for (index, isKept) in isKept.enumerated() where isKept {
      for note in notes[index] ?? [] { result[note, default: []].insert(place) }
      place += 1
    }
    return result
  }

  /// What the threads share.
  private final class Shared: @unchecked Sendable {
    let paths: [String]
    let decodes: Bool
    let options: ImageOptions
    let next = Atomic<Int>(0)
    let found: Lock<[Result<ImageHeader, DatasetError>?]>
    let notes = Lock<[Int: Set<ImageNote>]>([:])
    /// What keeps from looking at all.
    let failure = Lock<(any Error)?>(nil)

    /// Files that a thread takes at a time.
    private static let portion = 16

    init(paths: [String], decodes: Bool, options: ImageOptions) {
      self.paths = paths
      self.decodes = decodes
      self.options = options
      found = Lock([Result<ImageHeader, DatasetError>?](repeating: nil, count: paths.count))
    }

    func run() {
      do {
        let decoder = try ImageDecoder(limits: options.limits, reading: options.reading)
        while case let start = next.wrappingAdd(Self.portion, ordering: .relaxed).oldValue,
          start < paths.count
        {
          let results = try (start..<min(start + Self.portion, paths.count)).map {
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
      at index: Int, _ decoder: ImageDecoder
    ) throws -> Result<ImageHeader, DatasetError>? {
      let path = paths[index]
      do {
        guard decodes else { return .success(try decoder.check(path)) }
        return .success(
          try decoder.withFile(path) { bytes in
            let header = try decoder.header(of: bytes, name: path)
            let pixels = try decoder.outputBytes(
              count: header.width * header.height * header.channels, for: path)
            let odd = try decoder.decode(
              bytes, header, name: path, width: header.width, height: header.height,
              channels: header.channels, to: pixels)
            if !odd.isEmpty { notes.withLock { $0[index] = odd } }
            return header
          })
      } catch let error as DatasetError where error.kind != .refused {
        return .failure(error)
      }
    }
  }
}
