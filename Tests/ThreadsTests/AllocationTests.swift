import Dispatch
import Glibc
import Synchronization
import Testing
import Threads

/// Lets every member of a team use its probe, all at the same time so that nobody takes two chunks.
private struct Probing: ParallelTask {
  var probes: [HeapProbe]
  var presentCount: UnsafeMutablePointer<Atomic<Int>>
  /// By worker: what its probe says.
  var isUntouched: UnsafeMutablePointer<Bool>
  var isFirst = false

  var chunkCount: Int { probes.count }

  func run(chunk: Int, worker: Int) {
    presentCount.pointee.add(1, ordering: .relaxed)
    while presentCount.pointee.load(ordering: .relaxed) % probes.count != 0 { usleep(100) }
    isUntouched[worker] = isFirst ? probes[worker].lay() : probes[worker].isUntouched()
  }
}

private struct Fill: ParallelTask {
  var chunkCount: Int
  var values: UnsafeMutablePointer<Int>
  /// Larger than what fits an existential's buffer.
  var padding = (0, 1, 2, 3, 4, 5, 6, 7)
  var allocates = false

  func run(chunk: Int, worker: Int) {
    values[chunk] = chunk
    if allocates {
      usleep(100)
      HeapProbe.touchTheHeap()
    }
  }
}

@Suite struct AllocationTests {
  @Test(.enabled(if: HeapProbe.works, "needs glibc's heap, without a sanitizer"))
  func runAllocatesNothing() throws {
    let team = WorkerTeam(threadCount: 3)
    let probes = try (0..<3).map { _ in try #require(HeapProbe()) }
    let presentCount = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
    presentCount.initialize(to: Atomic(0))
    let isUntouched = UnsafeMutablePointer<Bool>.allocate(capacity: 3)
    isUntouched.initialize(repeating: false, count: 3)
    let values = UnsafeMutablePointer<Int>.allocate(capacity: 100)
    values.initialize(repeating: 0, count: 100)
    defer {
      for probe in probes { probe.deallocate() }
      presentCount.deallocate()
      isUntouched.deallocate()
      values.deallocate()
    }
    let check = Probing(probes: probes, presentCount: presentCount, isUntouched: isUntouched)
    var lay = check
    lay.isFirst = true

    team.run(lay)
    for worker in 0..<3 { try #require(isUntouched[worker], "worker \(worker)") }
    team.run(lay)
    for round in 0..<2_000 {
      team.run(Fill(chunkCount: round % 100, values: values))
      // Falling asleep and waking up allocates nothing either.
      if round % 100 == 0 { usleep(3_000) }
    }
    team.run(check)
    for worker in 0..<3 { #expect(isUntouched[worker], "worker \(worker)") }

    // Nor does the probe miss what chunks allocate.
    team.run(lay)
    team.run(Fill(chunkCount: 100, values: values, allocates: true))
    team.run(check)
    #expect(!isUntouched[0])
  }
}
