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
  /// Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
  package func offsets() -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []
    var end = 0
    let bySize = buffers.indices.sorted {
      buffers[$0].byteCount != buffers[$1].byteCount
        ? buffers[$0].byteCount > buffers[$1].byteCount : $0 < $1
    }
    for index in bySize {
      let size = Self.rounded(buffers[index].byteCount)
      var offset = 0
      let neighbours = placed.filter { buffers[$0].livesWith(buffers[index]) }
        .sorted { offsets[$0] < offsets[$1] }
      for neighbour in neighbours {
        if offset + size <= offsets[neighbour] { break }
        offset = max(offset, offsets[neighbour] + Self.rounded(buffers[neighbour].byteCount))
      }
      offsets[index] = offset
      placed.append(index)
      end = max(end, offset + size)
    }
    return (offsets, end)
  }

  private static func rounded(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }
}
