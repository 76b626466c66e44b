import Graphs
import TestSupport
import Testing

/// One plan serves every number of examples up to the planned one.
@Suite struct BatchSizeTests {
  @Test func inferenceOfAnyNumberOfExamples() throws {
    let network = EveryOperationGraph()
    let one = try GraphRun([network.logits], maximumBatch: 1)
    let many = try GraphRun([network.logits], maximumBatch: 9)
    let examples = TestArrays.uniform(9 * 768, seed: 3)
    let expected = (0..<9).flatMap { index -> [Float] in
      one.feed("x", Array(examples[index * 768..<(index + 1) * 768]))
      one.run()
      return one.output()
    }
    #expect(expected.allSatisfy { $0.isFinite })
    #expect(Set(expected).count > 40)
    // Up and down, so that what a larger run leaves behind would show.
    for batch in Array(1...9) + Array((1...9).reversed()) {
      many.feed("x", Array(examples[..<(batch * 768)]))
      many.run(batch: batch)
      expectClose(
        many.output(), Array(expected[..<(batch * 5)]), relative: 1e-5, absolute: 1e-5,
        "batch \(batch)")
    }
  }

  @Test(arguments: [1, 2, 5, 8]) func trainingWithFewerExamplesThanPlanned(batch: Int) throws {
    let network = EveryOperationGraph()
    let runs = try [batch, 9].map { maximum in
      let run = try GraphRun(
        [network.logits], loss: network.loss, maximumBatch: maximum, isTraining: true)
      EveryOperationGraph.feed(run, batch: batch)
      run.run(batch: batch)
      return run
    }
    #expect(runs[0].loss.isFinite)
    #expect(bits(runs[0].output()) == bits(runs[1].output()))
    #expect(runs[0].loss == runs[1].loss)
    for name in runs[0].trainedNames {
      #expect(runs[0].gradient(of: name).allSatisfy { $0.isFinite }, "\(name)")
      #expect(bits(runs[0].gradient(of: name)) == bits(runs[1].gradient(of: name)), "\(name)")
    }
    #expect(runs[0].value(of: "norm.mean") == runs[1].value(of: "norm.mean"))
  }

  @Test func unbatchedValuesBesideBatchedOnes() throws {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 2])
    let table = builder.placeholder("table", [3, 2])
    let run = try GraphRun([x + sum(table), square(table)], maximumBatch: 4)
    run.feed("table", [1, 2, 3, 4, 5, 6])
    for batch in [4, 1, 3] {
      run.feed("x", [Float](repeating: 1, count: 2 * batch))
      run.run(batch: batch)
      #expect(run.output(0) == [Float](repeating: 22, count: 2 * batch))
      #expect(run.output(1) == [1, 4, 9, 16, 25, 36])
    }
  }
}
