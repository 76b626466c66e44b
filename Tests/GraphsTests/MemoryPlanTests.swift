import Graphs
import Tensors
import TestSupport
import Testing

@Suite struct MemoryPlanTests {
  @Test(arguments: 0..<60) func buffersThatLiveTogetherLieApart(seed: Int) {
    var stream = RandomStream(seed: UInt64(seed), purpose: .synthesis)
    func below(_ bound: Int) -> Int { Int(stream.next() % UInt64(bound)) }
    var plan = MemoryPlan()
    for _ in 0..<(1 + below(70)) {
      let sizes = [0, 1, 4, 63, 64, 65, 128, 1000, below(5000)]
      let buffer = plan.addBuffer(byteCount: sizes[below(sizes.count)], step: below(40))
      for _ in 0..<below(3) { plan.use(buffer, step: below(40)) }
    }
    let (offsets, byteCount) = plan.offsets()
    #expect(offsets.count == plan.buffers.count)
    func end(_ index: Int) -> Int { offsets[index] + plan.buffers[index].byteCount }
    for (first, buffer) in plan.buffers.enumerated() {
      #expect(offsets[first] >= 0 && offsets[first] % 64 == 0)
      #expect(end(first) <= byteCount)
      for (second, other) in plan.buffers.enumerated().dropFirst(first + 1)
      where buffer.livesWith(other) && buffer.byteCount > 0 && other.byteCount > 0 {
        #expect(
          end(first) <= offsets[second] || end(second) <= offsets[first],
          "\(buffer) at \(offsets[first]) and \(other) at \(offsets[second])")
      }
    }
    // No more than without any reuse, no less than what lives in the fullest step.
    func rounded(_ count: Int) -> Int { (count + 63) / 64 * 64 }
    let sum = plan.buffers.reduce(0) { $0 + rounded($1.byteCount) }
    let fullest = (0..<40).map { step in
      plan.buffers.filter { $0.firstStep <= step && step <= $0.lastStep }
        .reduce(0) { $0 + rounded($1.byteCount) }
    }.max()
    #expect(byteCount <= sum)
    #expect(byteCount >= fullest ?? 0)
  }

  @Test func memoryIsReused() {
    var plan = MemoryPlan()
    // A chain: each buffer is written in one step and read in the next.
    for step in 0..<20 {
      let buffer = plan.addBuffer(byteCount: 1000, step: step)
      plan.use(buffer, step: step + 1)
    }
    #expect(plan.offsets().byteCount == 2 * 1024)
  }

  /// More buffers than are compared with each other: a chain still takes two places, and those that
  /// live together lie apart.
  @Test func hugePlansReuseMemoryToo() {
    var chain = MemoryPlan()
    for step in 0..<3 * MemoryPlan.mostCompared {
      let buffer = chain.addBuffer(byteCount: step % 3 == 0 ? 1000 : 0, step: step)
      chain.use(buffer, step: step + 3)
    }
    // As many as are compared; one more.
    #expect(chain.offsets().byteCount == 2 * 1024)
    _ = chain.addBuffer(byteCount: 1, step: 0)
    #expect(chain.offsets().byteCount == 2 * 1024 + 64)

    var stream = RandomStream(seed: 5, purpose: .synthesis)
    func below(_ bound: Int) -> Int { Int(stream.next() % UInt64(bound)) }
    var plan = MemoryPlan()
    let steps = 2000
    for _ in 0..<MemoryPlan.mostCompared + 100 {
      let buffer = plan.addBuffer(byteCount: [64, 100, 4000][below(3)], step: below(steps))
      plan.use(buffer, step: min(steps - 1, plan.buffers[buffer].firstStep + below(30)))
    }
    let (offsets, byteCount) = plan.offsets()
    for step in stride(from: 0, to: steps, by: 37) {
      let alive = plan.buffers.indices
        .filter { plan.buffers[$0].firstStep <= step && step <= plan.buffers[$0].lastStep }
        .sorted { offsets[$0] < offsets[$1] }
      for (one, next) in zip(alive, alive.dropFirst()) {
        #expect(offsets[one] + plan.buffers[one].byteCount <= offsets[next])
      }
      #expect(alive.last.map { offsets[$0] + plan.buffers[$0].byteCount } ?? 0 <= byteCount)
    }
    // Much less than without any reuse.
    #expect(byteCount < plan.buffers.reduce(0) { $0 + $1.byteCount } / 10)
  }

  @Test func oneByteMoreMeansNoSharing() {
    var plan = MemoryPlan()
    let first = plan.addBuffer(byteCount: 64, step: 0)
    let second = plan.addBuffer(byteCount: 64, step: 1)
    #expect(plan.offsets().byteCount == 64)
    plan.use(first, step: 1)
    #expect(plan.offsets().byteCount == 128)
    #expect(plan.offsets().offsets[first] != plan.offsets().offsets[second])
  }

  @Test func emptyPlan() {
    #expect(MemoryPlan().offsets().byteCount == 0)
  }

  /// Inference reuses activations: two are alive at a time, however deep the network.
  @Test func inferenceTakesTwoActivations() throws {
    func arena(depth: Int, training: Bool) throws -> Int {
      let builder = GraphBuilder()
      var x = builder.placeholder("x", [.batch, 256])
      for index in 0..<depth {
        let w = builder.variable("w\(index)", shape: [256, 256])
        x = relu(matmul(x, w) + builder.variable("b\(index)", shape: [256]))
      }
      return try GraphRun(
        [x], loss: training ? mean(x) : nil, maximumBatch: 64, isTraining: training
      ).plan.arenaByteCount
    }
    let activation = 64 * 256 * 4
    #expect(try arena(depth: 2, training: false) == arena(depth: 20, training: false))
    // Beside them, the packed weights of one layer.
    #expect(try arena(depth: 20, training: false) < 3 * activation + 256 * 256 * 4)
    // Training keeps what goes backward.
    #expect(try arena(depth: 20, training: true) >= 20 * activation)
  }

  /// The gradients of a residual block take the places of values and of each other: beside what goes
  /// backward, two activations are alive.
  @Test func normalizationsTakeNoMemoryForTheirGradients() throws {
    func arena(depth: Int) throws -> Int {
      let builder = GraphBuilder()
      var x = builder.placeholder("x", [.batch, 64])
      for index in 0..<depth {
        func variable(_ name: String, _ initializer: Initializer, trained: Bool = true) -> Node {
          builder.variable(
            "\(name)\(index)", shape: [64], initializer: initializer, isTrainable: trained)
        }
        let w = builder.variable("w\(index)", shape: [64, 64])
        let normalized = batchNormalization(
          matmul(x, w), scale: variable("s", .ones), offset: variable("o", .zeros),
          runningMean: variable("m", .zeros, trained: false),
          runningVariance: variable("v", .ones, trained: false), momentum: 0.9, epsilon: 1e-3)
        x = relu(normalized + x)
      }
      return try GraphRun([], loss: mean(x), maximumBatch: 4096, isTraining: true)
        .plan.arenaByteCount
    }
    let activation = 4096 * 64 * 4
    let growth = try arena(depth: 12) - arena(depth: 11)
    // A product and a result for each block, and statistics.
    #expect(growth >= 2 * activation && growth < 2 * activation + 4096)
    #expect(try arena(depth: 12) < 25 * activation + activation / 2)
  }

  @Test func outputsOutliveTheRun() throws {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 16])
    let first = square(x)
    var last = first
    for _ in 0..<5 { last = last + last }
    let run = try GraphRun([first, last], maximumBatch: 2)
    run.feed("x", [Float](repeating: 3, count: 32))
    run.run(batch: 2)
    #expect(run.output(0).allSatisfy { $0 == 9 })
    #expect(run.output(1).allSatisfy { $0 == 288 })
  }
}
