import CKernels
import Dispatch
import Synchronization
import Testing
import Threads

/// Counts how often each chunk ran and checks who ran it.
private struct Count: ParallelTask {
  var chunkCount: Int
  var visits: UnsafeMutablePointer<Int>
  /// A flag per worker: two chunks at once on one worker would find it raised.
  var isWorking: UnsafeMutablePointer<Atomic<Bool>>?
  var clashes: UnsafeMutablePointer<Atomic<Int>>?

  func run(chunk: Int, worker: Int) {
    if let isWorking, let clashes, isWorking[worker].exchange(true, ordering: .relaxed) {
      clashes.pointee.add(1, ordering: .relaxed)
    }
    // Plain memory: a chunk that runs twice or a region that returns early is a data race, too.
    visits[chunk] += chunk &+ 1
    if let isWorking { isWorking[worker].store(false, ordering: .relaxed) }
  }
}

/// Runs a ``Count`` on every chunk.
private struct Nested: ParallelTask {
  var chunkCount: Int
  var team: WorkerTeam
  var visits: UnsafeMutablePointer<Int>
  var innerCount: Int

  func run(chunk: Int, worker: Int) {
    team.run(Count(chunkCount: innerCount, visits: visits + chunk * innerCount))
  }
}

/// Reports what `body` says on each chunk.
private struct Probe<Value>: ParallelTask {
  var chunkCount: Int
  var values: UnsafeMutablePointer<Value>
  var body: (_ chunk: Int, _ worker: Int) -> Value

  func run(chunk: Int, worker: Int) { values[chunk] = body(chunk, worker) }
}

private func withZeros<Result>(
  _ count: Int, _ body: (UnsafeMutablePointer<Int>) -> Result
) -> Result {
  let zeros = UnsafeMutablePointer<Int>.allocate(capacity: count)
  zeros.initialize(repeating: 0, count: count)
  defer { zeros.deallocate() }
  return body(zeros)
}

@Suite struct WorkerTeamTests {
  @Test(arguments: [1, 2, 3, 7, 64], [0, 1, 2, 3, 7, 64, 1000])
  func everyChunkRunsOnce(threadCount: Int, chunkCount: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    withZeros(chunkCount) { visits in
      for _ in 0..<3 { team.run(Count(chunkCount: chunkCount, visits: visits)) }
      for chunk in 0..<chunkCount { #expect(visits[chunk] == 3 * (chunk + 1)) }
    }
  }

  /// Tiny regions one after another: a worker that comes late to one meets the next.
  @Test(arguments: [1, 2, 7], [0, 1, 16, 17, 1000])
  func partsCoverEveryNumberOnce(threadCount: Int, count: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    let seen = Lock<[Range<Int>]>([])
    team.run(count: count, chunkSize: 16) { part in seen.withLock { $0.append(part) } }
    let parts = seen.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
    #expect(parts.flatMap(Array.init) == Array(0..<count))
    #expect(parts.dropLast().allSatisfy { $0.count == 16 })
  }

  @Test(arguments: [2, 3, 7])
  func consecutiveRegionsDoNotMix(threadCount: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    let isWorking = UnsafeMutablePointer<Atomic<Bool>>.allocate(capacity: threadCount)
    for worker in 0..<threadCount { (isWorking + worker).initialize(to: Atomic(false)) }
    let clashes = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
    clashes.initialize(to: Atomic(0))
    defer {
      isWorking.deallocate()
      clashes.deallocate()
    }
    let most = 17
    withZeros(most) { visits in
      var wrong = 0
      for round in 0..<20_000 {
        let chunkCount = round % (most + 1)
        visits.update(repeating: 0, count: most)
        team.run(
          Count(chunkCount: chunkCount, visits: visits, isWorking: isWorking, clashes: clashes))
        for chunk in 0..<most where visits[chunk] != (chunk < chunkCount ? chunk + 1 : 0) {
          wrong += 1
        }
      }
      #expect(wrong == 0)
    }
    #expect(clashes.pointee.load(ordering: .relaxed) == 0)
  }

  /// Pauses of all lengths around the limits of spinning and yielding: workers are met on their way
  /// into sleep, asleep, and on their way out.
  @Test(arguments: [2, 3, 7])
  func sleepersWakeUp(threadCount: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    withZeros(8) { visits in
      for round in 0..<300 {
        visits.update(repeating: 0, count: 8)
        team.run(Count(chunkCount: 8, visits: visits))
        #expect((0..<8).allSatisfy { visits[$0] == $0 + 1 })
        idle(nanoseconds: UInt64(round % 30) * 100_000)
      }
    }
  }

  /// Waits until all members are in the region at once.
  @Test(arguments: [2, 3, 7])
  func allMembersWork(threadCount: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    withZeros(threadCount) { workers in
      for _ in 0..<50 {
        let present = Atomic<Int>(0)
        withUnsafePointer(to: present) { present in
          team.run(
            Probe(chunkCount: threadCount, values: workers) { _, worker in
              present.pointee.add(1, ordering: .relaxed)
              while present.pointee.load(ordering: .relaxed) < threadCount {
                idle(nanoseconds: 100_000)
              }
              return worker
            })
        }
        #expect((0..<threadCount).map { workers[$0] }.sorted() == Array(0..<threadCount))
      }
    }
  }

  @Test func theCallerSleepsUntilTheLastChunkIsDone() {
    let team = WorkerTeam(threadCount: 2)
    withZeros(2) { done in
      let isTaken = Atomic<Bool>(false)
      withUnsafePointer(to: isTaken) { isTaken in
        team.run(
          Probe(chunkCount: 2, values: done) { _, worker in
            if worker == 0 {
              while !isTaken.pointee.load(ordering: .relaxed) { idle(nanoseconds: 100_000) }
            } else {
              isTaken.pointee.store(true, ordering: .relaxed)
              idle(nanoseconds: 20_000_000)
            }
            return 1
          })
      }
      #expect(done[0] == 1 && done[1] == 1)
    }
  }

  @Test(arguments: [1, 2, 3, 7])
  func nestedRunsAreServedByTheirThread(threadCount: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    withZeros(20 * 5) { visits in
      for _ in 0..<200 {
        team.run(Nested(chunkCount: 20, team: team, visits: visits, innerCount: 5))
      }
      for index in 0..<20 * 5 { #expect(visits[index] == 200 * (index % 5 + 1)) }
    }
  }

  @Test(arguments: [2, 3, 7])
  func callersFromManyThreads(threadCount: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    let wrong = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { caller in
      withZeros(16) { visits in
        for round in 0..<4_000 {
          let chunkCount = (round + caller) % 17
          visits.update(repeating: 0, count: 16)
          team.run(Count(chunkCount: chunkCount, visits: visits))
          for chunk in 0..<16 where visits[chunk] != (chunk < chunkCount ? chunk + 1 : 0) {
            wrong.add(1, ordering: .relaxed)
          }
        }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test(arguments: [1, 2, 7])
  func denormalsAreFlushedWhileChunksRunAndOnlyThen(threadCount: Int) {
    let team = WorkerTeam(threadCount: threadCount)
    let mode = nk_float_mode()
    let values = UnsafeMutablePointer<Float>.allocate(capacity: 100)
    values.initialize(repeating: 1, count: 100)
    defer { values.deallocate() }
    let smallest = UnsafeMutablePointer<Float>.allocate(capacity: 1)
    smallest.initialize(to: .leastNormalMagnitude)
    defer { smallest.deallocate() }
    team.run(
      Probe(chunkCount: 100, values: values) { _, _ in
        idle(nanoseconds: 10_000)
        return smallest.pointee * 0.5
      })
    #expect((0..<100).allSatisfy { values[$0] == 0 })
    #expect(nk_float_mode() == mode)
    #expect(smallest.pointee * 0.5 > 0)
  }

  /// The workers of a team that nobody owns any more go home and free what they shared.
  @Test(arguments: [2, 7])
  func workersEndWithTheirTeam(threadCount: Int) {
    weak var state: AnyObject?
    do {
      let team = WorkerTeam(threadCount: threadCount)
      withZeros(50) { visits in team.run(Count(chunkCount: 50, visits: visits)) }
      idle(nanoseconds: 3_000_000)
      state = team.workersLifetime
      #expect(state != nil)
    }
    for _ in 0..<1_000 where state != nil { idle(nanoseconds: 10_000_000) }
    #expect(state == nil)
  }
}

private func idle(nanoseconds: UInt64) {
  let semaphore = DispatchSemaphore(value: 0)
  _ = semaphore.wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
}
