/// Places for buffers that live at different times in one block of memory.
package struct MemoryPlan {
  /// A buffer's size, and the first and the last step in which it is used.
  package struct Buffer: Sendable {
    package var byteCount: Int
    package var firstStep: Int
    package var lastStep: Int

    /// Whether some step uses both.
    package func livesWith(_ other: Buffer) -> Bool {
      firstStep <= other.lastStep && other.firstStep <= lastStep
    }
  }

  package private(set) var buffers: [Buffer] = []

  /// Creates a plan without buffers.
  package init() {}

  /// Adds a buffer that is used in `step`, and in others if `use` says so.
  package mutating func addBuffer(byteCount: Int, step: Int) -> Int {
    buffers.append(Buffer(byteCount: byteCount, firstStep: step, lastStep: step))
    return buffers.count - 1
  }

  /// Notes that a buffer is used in a step.
  package mutating func use(_ buffer: Int, step: Int) {
    buffers[buffer].firstStep = min(buffers[buffer].firstStep, step)
    buffers[buffer].lastStep = max(buffers[buffer].lastStep, step)
  }

  /// The offset of each buffer in bytes, a multiple of 64, and the size of the whole: buffers that
  /// live at the same time do not overlap.
  ///
  /// Largest first, each at the lowest place that is free for its whole life (greedy by size:
  /// Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020). That
  /// takes time by the square of the number of buffers; from ``mostCompared`` buffers on, which a
  /// model file may ask for and no network needs, places go from a buffer to the next of the same
  /// size.
  package func offsets() -> (offsets: [Int], byteCount: Int) {
    let taking = buffers.indices.filter { buffers[$0].byteCount > 0 }
    return taking.count <= Self.mostCompared ? offsetsBySize(taking) : offsetsInOrder(taking)
  }

  /// The most buffers that are compared with each other: a fifth of a second's work.
  package static let mostCompared = 16_384

  /// A buffer that has its place.
  private struct Placed {
    var start: Int
    var end: Int
    var buffer: Buffer
  }

  private func offsetsBySize(_ indices: [Int]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    // By their starts.
    var placed: [Placed] = []
    var end = 0
    let bySize = indices.sorted {
      buffers[$0].byteCount != buffers[$1].byteCount
        ? buffers[$0].byteCount > buffers[$1].byteCount : $0 < $1
    }
    for index in bySize {
      let buffer = buffers[index]
      let size = Self.rounded(buffer.byteCount)
      var offset = 0
      for other in placed where other.buffer.livesWith(buffer) {
        if offset + size <= other.start { break }
        offset = max(offset, other.end)
      }
      offsets[index] = offset
      end = max(end, offset + size)
      let place = placed.partitioningIndex { $0.start >= offset }
      placed.insert(Placed(start: offset, end: offset + size, buffer: buffer), at: place)
    }
    return (offsets, end)
  }

  /// In the order of their first steps, each at a place of its size that is free again, or at a new
  /// one: never more than without any reuse.
  private func offsetsInOrder(_ indices: [Int]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var free: [Int: [Int]] = [:]
    var end = 0
    let ending = indices.sorted { buffers[$0].lastStep < buffers[$1].lastStep }
    var ended = 0
    for index in indices.sorted(by: { buffers[$0].firstStep < buffers[$1].firstStep }) {
      while ended < ending.count, buffers[ending[ended]].lastStep < buffers[index].firstStep {
        free[Self.rounded(buffers[ending[ended]].byteCount), default: []]
          .append(offsets[ending[ended]])
        ended += 1
      }
      let size = Self.rounded(buffers[index].byteCount)
      if let offset = free[size]?.popLast() {
        offsets[index] = offset
      } else {
        offsets[index] = end
        end += size
      }
    }
    return (offsets, end)
  }

  /// The bytes that a buffer takes with those up to the next one's start.
  static func rounded(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }
}

extension Array {
  /// The first index from which on `belongs` holds, in an array in which it holds from some index on.
  fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
