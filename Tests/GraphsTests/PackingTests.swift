import Graphs
import Tensors
import TestSupport
import Testing

/// Weights in the form that kernels work on are packed once for all who want the same form.
@Suite struct PackingTests {
  /// A layer of 64 that is used several times.
  private func recurrence(uses: Int, shares: Bool) throws -> GraphRun {
    let builder = GraphBuilder()
    var x = builder.placeholder("x", [.batch, 64])
    let shared = builder.variable("w", shape: [64, 64])
    for use in 0..<uses {
      x = tanh(matmul(x, shares ? shared : builder.variable("w\(use)", shape: [64, 64])))
    }
    return try GraphRun([x], loss: mean(square(x)), maximumBatch: 2, isTraining: true)
  }

  @Test func sharedWeightsTakeTheMemoryOfOne() throws {
    let (few, many) = (
      try recurrence(uses: 2, shares: true), try recurrence(uses: 12, shares: true)
    )
    // Ten more activations of half a KiB and their gradients; packed once more for each use, the weights would
    // take 10 · 16 KiB for each pass.
    #expect(many.plan.arenaByteCount - few.plan.arenaByteCount < 2 * 16_384)
  }

  @Test func sharingChangesNoBit() throws {
    let shared = try recurrence(uses: 5, shares: true)
    let apart = try recurrence(uses: 5, shares: false)
    for use in 0..<5 { apart.setValue(shared.value(of: "w"), of: "w\(use)") }
    for run in [shared, apart] {
      run.feedTheRest(batch: 2)
      run.run(batch: 2)
    }
    #expect(bits(shared.output()) == bits(apart.output()))
    // Summed in the order of the sweep, from the last use on.
    let sum = (0..<5).reversed().map { apart.gradient(of: "w\($0)") }.reduce(nil) {
      (sum: [Float]?, next) in sum.map { zip($0, next).map(+) } ?? next
    }
    #expect(bits(shared.gradient(of: "w")) == bits(sum ?? []))
  }

  /// A value of the same form that another step makes anew is packed anew.
  @Test func weightsThatAreComputedAreOfTheirOwnValue() throws {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 3])
    let w = builder.variable("w", shape: [3, 3])
    let y = matmul(matmul(x, w), w * 2)
    let run = try GraphRun([y])
    run.setValue([1, 0, 0, 0, 1, 0, 0, 0, 1], of: "w")
    run.feed("x", [1, 2, 3])
    run.run()
    #expect(run.output() == [2, 4, 6])
  }

  /// Compilation takes time by the number of nodes: as many as a file may have.
  @Test func largeGraphsAreCompiled() throws {
    let builder = GraphBuilder()
    var x = builder.placeholder("x", [.batch, 4])
    let w = builder.variable("w", shape: [4, 4])
    for _ in 0..<6_000 { x = tanh(matmul(x, w)) + x }
    let run = try GraphRun([x], loss: mean(x), isTraining: true)
    run.feedTheRest(batch: 1)
    run.run()
    let isFinite = run.output().allSatisfy { $0.isFinite }
    #expect(isFinite)
    #expect(!run.gradient(of: "w").isEmpty)
  }
}
