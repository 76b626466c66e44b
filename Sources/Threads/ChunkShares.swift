import Synchronization

/// Hands the chunks of a region to the members of a team: each has a share, of chunks side by side,
/// and who is done with it takes what is left of the others'.
///
/// Chunks number the images of a batch in order, in one layer as in the next. So a member works on
/// the same images through a step, and finds in its own caches what it wrote. (Measured on
/// two processors: 1.03 to 1.3 times the speed of one counter for all.)
///
/// Unchecked: the counters are atomic, and `reset` is called while no member takes chunks.
package final class ChunkShares: @unchecked Sendable {
  /// Counters from one member's to the next: two cache lines, because processors fetch them in pairs.
  private static let spacing = 128 / MemoryLayout<Atomic<Int>>.stride

  private let memberCount: Int
  /// How many chunks of each share are taken, or more.
  private let taken: UnsafeMutablePointer<Atomic<Int>>

  /// Shares for so many members; ``reset()`` comes before each region.
  package init(memberCount: Int) {
    self.memberCount = memberCount
    taken = .allocate(capacity: memberCount * Self.spacing)
    for member in 0..<memberCount { counter(member).initialize(to: Atomic(0)) }
  }

  deinit {
    for member in 0..<memberCount { counter(member).deinitialize(count: 1) }
    taken.deallocate()
  }

  private func counter(_ member: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    taken + member * Self.spacing
  }

  /// Makes all chunks of the next region free.
  package func reset() {
    for member in 0..<memberCount { counter(member).pointee.store(0, ordering: .relaxed) }
  }

  /// Takes a chunk, or `nil` if all are taken.
  ///
  /// Relaxed: what a chunk reads was acquired at the gate, and what it writes is released there.
  package func next(of chunkCount: Int, for member: Int) -> Int? {
    let shareCount = min(memberCount, chunkCount)
    for step in 0..<shareCount {
      let share = (member + step) % shareCount
      let start = share * chunkCount / shareCount
      let count = (share + 1) * chunkCount / shareCount - start
      // A look first: else those who look for work would write what others count with.
      if counter(share).pointee.load(ordering: .relaxed) >= count { continue }
      let index = counter(share).pointee.wrappingAdd(1, ordering: .relaxed).oldValue
      if index < count { return start + index }
    }
    return nil
  }
}

/// Memory that nobody uses, between two words that different threads write.
struct CacheLines {
  private typealias Quarter = (UInt64, UInt64, UInt64, UInt64)
  private let quarters: (Quarter, Quarter, Quarter, Quarter) = (
    (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)
  )
}
