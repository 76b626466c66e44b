import CKernels
import Dispatch
import Synchronization

/// What the caller and the workers of a ``WorkerTeam`` share.
///
/// Unchecked: `region` is plain memory. Who holds `isReserved` writes it, while the gate is closed and
/// nobody is inside; workers read it inside only.
final class TeamState: @unchecked Sendable {
  /// A task on its way to the workers: its address and the type to read it by, which together take
  /// three words and no allocation.
  struct Region {
    var task: UnsafeRawPointer
    var type: any ParallelTask.Type
    var chunkCount: Int

    init<Task: ParallelTask>(task: UnsafePointer<Task>, type: Task.Type, chunkCount: Int) {
      self.task = UnsafeRawPointer(task)
      self.type = type
      self.chunkCount = chunkCount
    }
  }

  /// One of the threads beside the caller.
  private final class Worker: Sendable {
    let isParked = Atomic<Bool>(false)
    let semaphore = DispatchSemaphore(value: 0)
  }

  private let gate = RegionGate()
  // The gate is what waiting workers read: apart from what is written.
  private let spaceBehindGate = CacheLines()
  private let shares: ChunkShares
  private let isReserved = Atomic<Bool>(false)
  private let region = UnsafeMutablePointer<Region>.allocate(capacity: 1)
  /// How many workers were started; -1 before that was tried.
  private let startedCount = Atomic<Int>(-1)
  private let callerSemaphore = DispatchSemaphore(value: 0)
  /// Signalled by each worker at its start.
  private let startSemaphore = DispatchSemaphore(value: 0)
  private let workers: [Worker]
  private let patience: Patience.Limits

  init(threadCount: Int) {
    workers = (1..<threadCount).map { _ in Worker() }
    shares = ChunkShares(memberCount: threadCount)
    patience =
      threadCount <= ThreadBudget.affinityProcessorCount() ? .ownProcessors : .sharedProcessors
  }

  deinit {
    region.deallocate()
  }

  // MARK: The caller

  /// Makes the calling thread the one caller, unless there is one.
  func reserve() -> Bool {
    isReserved.load(ordering: .relaxed) == false
      && isReserved.exchange(true, ordering: .acquiring) == false
  }

  /// Ends the reservation.
  func release() {
    isReserved.store(false, ordering: .releasing)
  }

  /// Publishes a region and wakes those workers that sleep and find work in it.
  func open(_ region: Region) {
    startWorkers()
    self.region.initialize(to: region)
    shares.reset()
    gate.open()
    wakeFollowers(of: 0, memberCount: region.chunkCount)
  }

  /// Takes a chunk for a member, or `nil` if all are taken.
  func nextChunk(of chunkCount: Int, for member: Int) -> Int? {
    shares.next(of: chunkCount, for: member)
  }

  /// Closes the region and waits for the workers inside, who finish their last chunks.
  func close() {
    gate.close()
    var patience = Patience(patience)
    while !gate.isEmpty {
      if patience.wait() { continue }
      if gate.parkCaller() { callerSemaphore.wait() }
    }
  }

  /// Sends all workers home.
  func end() {
    gate.end()
    for worker in workers { wake(worker) }
  }

  /// How many threads run a task, the caller included; fewer than asked for where the system refused
  /// some.
  ///
  /// Starts them if nobody has, and waits for no one: while another caller is at work, that has been done.
  func runningThreadCount() -> Int {
    if startedCount.load(ordering: .acquiring) < 0, reserve() {
      startWorkers()
      release()
    }
    return 1 + max(0, startedCount.load(ordering: .acquiring))
  }

  /// Starts the workers, for who holds the reservation.
  ///
  /// Up to the first that the system refuses: those behind it would be refused, too, and workers wake
  /// only such as have higher numbers. They are waited for: what the C library sets aside for a thread
  /// (64 MB of addresses) is then taken, and is not promised to anybody else under `ulimit -v`.
  private func startWorkers() {
    if startedCount.load(ordering: .relaxed) >= 0 { return }
    let refused = workers.indices.first { index in
      !SystemThread.start(name: "needletail-\(index + 1)") {
        self.startSemaphore.signal()
        self.work(as: index + 1)
      }
    }
    let count = refused ?? workers.count
    for _ in 0..<count { startSemaphore.wait() }
    startedCount.store(count, ordering: .releasing)
  }

  // MARK: The workers

  private func work(as index: Int) {
    let mode = nk_flush_denormals()
    defer { nk_restore_float_mode(mode) }
    var last: UInt64 = 0
    while let entered = enterNextRegion(after: last, worker: workers[index - 1]) {
      last = entered
      let region = region.pointee
      wakeFollowers(of: index, memberCount: region.chunkCount)
      while let chunk = nextChunk(of: region.chunkCount, for: index) {
        region.type.run(taskAt: region.task, chunk: chunk, worker: index)
      }
      if gate.leave() { callerSemaphore.signal() }
    }
  }

  /// Waits for a region and enters it; `nil` when the team has ended.
  private func enterNextRegion(after last: UInt64, worker: Worker) -> UInt64? {
    var patience = Patience(patience)
    while true {
      switch gate.enter(after: last) {
      case .entered(let region): return region
      case .ended: return nil
      case .closed: break
      }
      if patience.wait() { continue }
      park(worker, after: last)
      patience = Patience(self.patience)
    }
  }

  /// Sleeps until woken, unless there is news.
  ///
  /// The flag is raised before the gate is read, and the waker opens the gate before it reads the
  /// flag, all sequentially consistent: one of the two sees the other.
  private func park(_ worker: Worker, after last: UInt64) {
    worker.isParked.store(true, ordering: .sequentiallyConsistent)
    if gate.hasNews(after: last), worker.isParked.exchange(false, ordering: .acquiring) { return }
    // Nothing new; or a waker took the flag, and its signal must be consumed.
    worker.semaphore.wait()
  }

  /// Wakes the followers of a member in a binary tree over the members that have a chunk to run, so
  /// that many sleepers are up after a few wake-ups' time.
  private func wakeFollowers(of index: Int, memberCount: Int) {
    let end = min(memberCount, workers.count + 1)
    for follower in 2 * index + 1...2 * index + 2 where follower < end {
      wake(workers[follower - 1])
    }
  }

  private func wake(_ worker: Worker) {
    if worker.isParked.load(ordering: .sequentiallyConsistent),
      worker.isParked.exchange(false, ordering: .acquiringAndReleasing)
    {
      worker.semaphore.signal()
    }
  }
}

extension ParallelTask {
  /// Runs a chunk of the task of this type that lies at an address.
  static func run(taskAt address: UnsafeRawPointer, chunk: Int, worker: Int) {
    address.assumingMemoryBound(to: Self.self).pointee.run(chunk: chunk, worker: worker)
  }
}
