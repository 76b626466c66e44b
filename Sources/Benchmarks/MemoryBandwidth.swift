import CKernels
import Tensors
public import Threads

/// How fast arrays go through memory that are much larger than the caches.
///
/// Bytes are counted as the STREAM benchmark does (McCalpin, 1995): those that the loop names. What
/// the processor reads besides, to fill the lines that it is about to overwrite, is not counted.
public struct MemoryBandwidth: Sendable, Hashable {
  /// What is done to the arrays.
  public enum Access: String, Sendable, CaseIterable {
    /// A sum: 4 bytes an element.
    case read
    /// y = x: 8 bytes an element.
    case copy
    /// y = a + f · b: 12 bytes an element.
    case triad

    /// Bytes that go through memory for each element.
    public var bytesPerElement: Int {
      switch self {
      case .read: 4
      case .copy: 8
      case .triad: 12
      }
    }
  }

  /// What was done.
  public let access: Access
  /// How many threads did it.
  public let threadCount: Int
  /// Bytes of each array.
  public let arrayByteCount: Int
  /// The rate in the fastest window.
  public let gigabytesPerSecond: Double

  /// Measures every access on an engine's threads.
  ///
  /// - Parameters:
  ///   - engine: The threads.
  ///   - seconds: How long to measure each.
  ///   - arrayByteCount: The size of each of the three arrays; by default four times the last cache,
  ///     from 64 MiB to 1 GiB.
  /// - Throws: `MemoryError` if there is no memory for the arrays.
  public static func measuring(
    on engine: Engine, seconds: Double = 0.5, arrayByteCount: Int = standardArrayByteCount
  ) throws -> [MemoryBandwidth] {
    try measuring(team: engine.team, seconds: seconds, arrayByteCount: arrayByteCount)
  }

  /// The size of arrays where nothing else is said.
  public static var standardArrayByteCount: Int {
    let caches = Processor.detected().caches
    let last = caches.level3 ?? caches.level2 ?? 0
    return min(max(4 * last, 64 << 20), 1 << 30)
  }

  static func measuring(
    team: WorkerTeam, seconds: Double, arrayByteCount: Int
  ) throws -> [MemoryBandwidth] {
    let count = max(arrayByteCount / 4, 1)
    func array() throws -> AlignedBuffer<Float> {
      try AlignedBuffer(count: count, for: "an array larger than the caches")
    }
    let (a, b, y) = (try array(), try array(), try array())
    let sums = AlignedBuffer<Float>(count: team.threadCount * 16)
    return Access.allCases.map { access in
      let task = Stream(
        access: access, count: count, a: a.pointer, b: b.pointer, y: y.pointer, sums: sums.pointer)
      let timing = StepTiming.measuring(seconds: seconds, warmUpSteps: 1) { team.run(task) }
      return MemoryBandwidth(
        access: access, threadCount: team.runningThreadCount(), arrayByteCount: count * 4,
        gigabytesPerSecond: Double(count * access.bytesPerElement) / timing.best / 1e9)
    }
  }
}

private struct Stream: ParallelTask {
  static let chunkSize = 1 << 18

  let access: MemoryBandwidth.Access
  let count: Int
  let a: UnsafeMutablePointer<Float>
  let b: UnsafeMutablePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>

  var chunkCount: Int { (count + Self.chunkSize - 1) / Self.chunkSize }

  func run(chunk: Int, worker: Int) {
    let start = chunk * Self.chunkSize
    let length = min(Self.chunkSize, count - start)
    switch access {
    case .read: sums[worker * 16] += nk_stream_read(length, a + start)
    case .copy: nk_stream_copy(length, a + start, y + start)
    case .triad: nk_stream_triad(length, a + start, b + start, 3, y + start)
    }
  }
}
