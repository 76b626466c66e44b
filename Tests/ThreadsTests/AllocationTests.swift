import CAllocationCount
import Glibc
import Testing
import Threads

private struct Fill: ParallelTask {
  var chunkCount: Int
  var values: UnsafeMutablePointer<Int>
  /// Whether each worker has come.
  var hasCome: UnsafeMutablePointer<Bool>
  /// Larger than what fits an existential's buffer.
  var padding = (0, 1, 2, 3, 4, 5, 6, 7)
  var allocates = false

  func run(chunk: Int, worker: Int) {
    hasCome[worker] = true
    values[chunk] = allocates ? String(repeating: "x", count: 100 + chunk).utf8.count : chunk
  }
}

/// How often regions on three threads take memory from the heap, after the first.
private func allocationsOfRegions(allocating: Bool) -> Int {
  let team = WorkerTeam(threadCount: 3)
  let values = UnsafeMutablePointer<Int>.allocate(capacity: 100)
  let hasCome = UnsafeMutablePointer<Bool>.allocate(capacity: team.threadCount)
  hasCome.initialize(repeating: false, count: team.threadCount)
  defer {
    values.deallocate()
    hasCome.deallocate()
  }
  func run(rounds: Int) {
    for round in 0..<rounds {
      team.run(
        Fill(chunkCount: round % 100, values: values, hasCome: hasCome, allocates: allocating))
      // Falling asleep and waking up allocates nothing either.
      if round % 100 == 0 { usleep(5_000) }
    }
  }
  // Starting a thread does; on a busy machine the last one takes a while.
  var attempts = 0
  repeat {
    run(rounds: 200)
    attempts += 1
  } while attempts < 100 && (0..<team.threadCount).contains { !hasCome[$0] }
  let before = allocation_count()
  run(rounds: 2_000)
  return allocation_count() - before
}

@Suite struct AllocationTests {
  // In a process of its own, where nothing else takes memory.
  @Test(.enabled(if: allocation_count_works(), "needs glibc, without a sanitizer"))
  func runAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let count = allocationsOfRegions(allocating: false)
      try #require(count == 0, "\(count) allocations")
    }
  }

  @Test(.enabled(if: allocation_count_works(), "needs glibc, without a sanitizer"))
  func theCountCanFail() async {
    await #expect(processExitsWith: .success) {
      try #require(allocationsOfRegions(allocating: true) > 0)
    }
  }
}
