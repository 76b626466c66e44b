import Datasets
import Dispatch
import Tensors
import Testing
import Threads

/// Example `i` is the number `i`; the ones in `broken` cannot be read.
private final class Numbers: Dataset {
  let count: Int
  let fields = [BatchField(name: "input", elementType: .float32, exampleShape: [])]
  let classNames: [String]? = nil
  let isInMemory: Bool
  let broken: Lock<Set<Int>>
  let gate: DispatchSemaphore?

  init(
    _ count: Int, broken: Set<Int> = [], isInMemory: Bool = false, gate: DispatchSemaphore? = nil
  ) {
    self.isInMemory = isInMemory
    self.count = count
    self.broken = Lock(broken)
    self.gate = gate
  }

  func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) throws {
    gate?.wait()
    for (place, index) in indices.enumerated() {
      if broken.withLock({ $0.contains(index) }) {
        throw DatasetError(
          .unreadable, at: "\(index)", expected: "a number", found: "none", advice: "count")
      }
      batch.floats(0)[slot + place] = Float(index)
    }
  }
}

extension Batches {
  /// The examples of the rest of the epoch, batch by batch.
  fileprivate func rest() throws -> [[Int]] {
    var seen: [[Int]] = []
    while let batch = try next() { seen.append(numbers(of: batch)) }
    return seen
  }
}

private func numbers(of batch: Batch) -> [Int] {
  (0..<batch.count).map { Int(batch.floats(0)[$0]) }
}

@Suite struct BatchesTests {
  @Test(arguments: [false, true]) func sequentialEpoch(prefetch: Bool) throws {
    let batches = try Batches(Numbers(7), size: 3, prefetch: prefetch)
    #expect(batches.stepCount == 3)
    #expect(try batches.rest() == [[0, 1, 2], [3, 4, 5], [6]])
    #expect(try batches.next() == nil)
    batches.start(at: 2)
    #expect(try batches.rest() == [[6]])
  }

  @Test func smallerLastBatchIsDropped() throws {
    let batches = try Batches(Numbers(7), size: 3, remainder: .drop)
    #expect(batches.stepCount == 2)
    #expect(try batches.rest() == [[0, 1, 2], [3, 4, 5]])
    let exact = try Batches(Numbers(6), size: 3, remainder: .drop)
    #expect(exact.stepCount == 2)
  }

  @Test func dataSmallerThanABatch() throws {
    let batches = try Batches(Numbers(2), size: 1_000_000_000_000)
    #expect(try batches.rest() == [[0, 1]])
    #expect(throws: DatasetError.self) { try Batches(Numbers(2), size: 3, remainder: .drop) }
    #expect(throws: DatasetError.self) { try Batches(Numbers(2), size: 0) }
    #expect(throws: DatasetError.self) { try Batches(Numbers(0), size: 1) }
  }

  @Test(arguments: [false, true]) func shuffledEpochIsAPermutation(prefetch: Bool) throws {
    let order = ExampleOrder.shuffled(seed: 5, epoch: 1)
    let batches = try Batches(Numbers(100), size: 8, order: order, prefetch: prefetch)
    let first = try batches.rest().flatMap { $0 }
    #expect(first.sorted() == Array(0..<100))
    #expect(first != Array(0..<100))
    batches.start(.shuffled(seed: 5, epoch: 2))
    let second = try batches.rest().flatMap { $0 }
    #expect(second.sorted() == Array(0..<100))
    #expect(second != first)
    batches.start(order)
    #expect(try batches.rest().flatMap { $0 } == first)
  }

  /// The recorded order is part of what a seed promises.
  @Test func orderOfASeedNeverChanges() {
    let order = AlignedBuffer<Int>(count: 10)
    ExampleOrder.shuffled(seed: 1, epoch: 0).write(to: order.elements)
    #expect(Array(order.elements) == [1, 6, 8, 3, 4, 5, 9, 2, 7, 0])
  }

  @Test(arguments: [false, true]) func anEpochBeginsAnywhere(prefetch: Bool) throws {
    let order = ExampleOrder.shuffled(seed: 3, epoch: 4)
    let whole = try Batches(Numbers(50), size: 4, order: order).rest()
    let batches = try Batches(Numbers(50), size: 4, order: order, prefetch: prefetch)
    for step in [12, 0, 5, 13] {
      batches.start(at: step)
      #expect(batches.step == step)
      #expect(try batches.rest() == Array(whole[step...]))
    }
    batches.start(at: 3)
    _ = try batches.next()
    batches.start(at: 7)
    #expect(try batches.rest() == Array(whole[7...]))
  }

  @Test(arguments: [false, true]) func aBatchStaysAsItIsUntilTheNext(prefetch: Bool) throws {
    let batches = try Batches(Numbers(64), size: 2, prefetch: prefetch)
    var expected = 0
    while let batch = try batches.next() {
      for _ in 0..<100 { #expect(numbers(of: batch) == [expected, expected + 1]) }
      expected += 2
    }
  }

  @Test(arguments: [false, true]) func errorsSurfaceWithTheirBatch(prefetch: Bool) throws {
    let dataset = Numbers(9, broken: [4])
    let batches = try Batches(dataset, size: 3, prefetch: prefetch)
    #expect(try batches.next().map(numbers) == [0, 1, 2])
    for _ in 0..<2 {
      let error = #expect(throws: DatasetError.self) { try batches.next() }
      #expect(error?.place == "4")
      #expect(batches.step == 1)
    }
    dataset.broken.withLock { $0 = [] }
    #expect(try batches.rest() == [[3, 4, 5], [6, 7, 8]])
  }

  @Test func anErrorOfALeftStepIsForgotten() throws {
    let batches = try Batches(Numbers(12, broken: [4]), size: 3, prefetch: true)
    _ = try batches.next()
    batches.start(at: 2)
    #expect(try batches.rest() == [[6, 7, 8], [9, 10, 11]])
  }

  @Test func aStreamMayBeDroppedWhileFilling() throws {
    let gate = DispatchSemaphore(value: 0)
    weak var watched: Numbers?
    do {
      let dataset = Numbers(9, gate: gate)
      watched = dataset
      let batches = try Batches(dataset, size: 3, prefetch: true)
      gate.signal()
      _ = try batches.next()
    }
    // The fill of the second batch is still at the gate; it ends by itself and frees the data.
    gate.signal()
    for _ in 0..<100_000 where watched != nil { pause() }
    #expect(watched == nil)
  }

  @Test(arguments: [1, 2, 7]) func aTeamFillsTheSameBatches(threads: Int) throws {
    let count = 200
    let dataset = try InMemoryDataset(
      inputs: Tensor(shape: [count, 3], (0..<count * 3).map(Float.init)),
      labels: (0..<count).map { Int32($0) })
    let order = ExampleOrder.shuffled(seed: 2, epoch: 0)
    let alone = try Batches(dataset, size: 75, order: order)
    let together = try Batches(dataset, size: 75, order: order)
    together.team = WorkerTeam(threadCount: threads)
    while let expected = try alone.next() {
      let batch = try #require(try together.next())
      #expect(batch.count == expected.count)
      for index in 0..<batch.count * 3 {
        #expect(batch.floats(0)[index] == expected.floats(0)[index])
      }
      for index in 0..<batch.count {
        #expect(batch.integers(1)[index] == expected.integers(1)[index])
      }
    }
    #expect(try together.next() == nil)
  }

  @Test func aTeamReportsErrors() throws {
    let dataset = Numbers(100, broken: [70], isInMemory: true)
    let batches = try Batches(dataset, size: 50)
    batches.team = WorkerTeam(threadCount: 2)
    #expect(try batches.next()?.count == 50)
    for _ in 0..<2 { #expect(throws: DatasetError.self) { try batches.next() } }
    dataset.broken.withLock { $0 = [] }
    #expect(try batches.rest() == [Array(50..<100)])
  }

  @Test func manyStreamsAtOnce() {
    let dataset = Numbers(1000)
    let sums = Lock<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 16) { seed in
      do {
        let batches = try Batches(
          dataset, size: 7, order: .shuffled(seed: UInt64(seed), epoch: 0), prefetch: true)
        let sum = try batches.rest().joined().reduce(0, +)
        sums.withLock { $0.append(sum) }
      } catch {
        Issue.record(error)
      }
    }
    #expect(sums.withLock { $0 } == Array(repeating: 499_500, count: 16))
  }
}

private func pause() {
  _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .microseconds(100))
}
