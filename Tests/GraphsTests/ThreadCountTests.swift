import Graphs
import TestSupport
import Testing

/// The same bits on any number of threads.
@Suite struct ThreadCountTests {
  @Test func everyOperationIsInTheNetwork() throws {
    let network = EveryOperationGraph()
    let kinds = Set(network.loss.builder.nodes.map(\.operation.kind))
    #expect(kinds.sorted() == OperationRegistry.kinds)
  }

  @Test(arguments: [true, false]) func sameBits(isTraining: Bool) throws {
    let network = EveryOperationGraph()
    var expected: [[UInt32]]?
    for threadCount in threadCounts {
      let run = try GraphRun(
        [network.logits], loss: network.loss, maximumBatch: 24, isTraining: isTraining,
        threadCount: threadCount)
      EveryOperationGraph.feed(run, batch: 24)
      // The second time with warm workers.
      for _ in 0..<2 { run.run(batch: 24) }
      let found =
        [run.output(), [run.loss]] + run.trainedNames.map { run.gradient(of: $0) }
        + [run.value(of: "norm.mean"), run.value(of: "norm.variance")]
      #expect(found.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isFinite } })
      let foundBits = found.map { bits($0) }
      if let expected {
        #expect(foundBits == expected, "\(threadCount) threads")
      } else {
        expected = foundBits
      }
    }
  }
}
