import Dispatch
import Graphs
import Layers
import Synchronization
import Tensors
import Testing
import Threads

private func smallNetwork() -> Sequential {
  Sequential {
    Conv2D(outputChannels: 4, kernelSize: 3, activation: .relu)
    MaxPool2D()
    Flatten()
    Dropout(rate: 0.5)
    Dense(outputSize: 3)
  }
}

private func images(_ count: Int, seed: UInt64 = 1) -> Tensor {
  var stream = RandomStream(seed: seed, purpose: .synthesis)
  return Tensor(shape: [count, 8, 8, 1], (0..<count * 64).map { _ in stream.nextUniform() })
}

@Suite struct ModelTests {
  @Test func theSeedDecidesTheWeights() throws {
    let network = smallNetwork()
    let x = images(2)
    let first = try Model(network, inputShape: [8, 8, 1], seed: 1)(x)
    #expect(try Model(network, inputShape: [8, 8, 1], seed: 1)(x) == first)
    #expect(try Model(network, inputShape: [8, 8, 1], seed: 2)(x) != first)
  }

  @Test func predictionsDoNotDependOnTheBatch() throws {
    let model = try Model(smallNetwork(), inputShape: [8, 8, 1], seed: 1)
    let x = images(301)
    let all = try model(x)
    #expect(all.shape == [301, 3])
    for index in [0, 1, 127, 128, 129, 300] {
      let one = Tensor(shape: [1, 8, 8, 1], x.elements[index * 64..<index * 64 + 64])
      let logits = try model(one)
      for column in 0..<3 { #expect(abs(logits[0, column] - all[index, column]) < 1e-5) }
    }
  }

  @Test func aMeanOverTheBatchSeesAllOfIt() throws {
    let graph = GraphBuilder()
    let x = graph.placeholder("x", [.batch, 1])
    let model = try Model(outputs: ["mean": mean(x), "centred": x - mean(x)])
    let values = Tensor(shape: [300, 1], (0..<300).map(Float.init))
    let outputs = try model.predict(["x": values])
    #expect(outputs["mean"]?.elements == [149.5])
    #expect(outputs["centred"]?.elements.first == -149.5)
    #expect(outputs["centred"]?.elements.last == 149.5)
  }

  @Test func anEmptyBatchGivesAnEmptyResult() throws {
    let model = try Model(smallNetwork(), inputShape: [8, 8, 1], seed: 1)
    #expect(try model(Tensor(zeros: [0, 8, 8, 1])).shape == [0, 3])
  }

  @Test func copiesAreIndependent() throws {
    let model = try Model(smallNetwork(), inputShape: [8, 8, 1], seed: 1)
    var copy = model
    try copy.setValue(Tensor(shape: [3], [7, 8, 9]), of: "4.bias")
    #expect(try model.value(of: "4.bias").elements == [0, 0, 0])
    #expect(try copy.value(of: "4.bias").elements == [7, 8, 9])
    #expect(try model(images(1)) != copy(images(1)))
  }

  @Test func severalThreadsPredictAtOnce() throws {
    let model = try Model(smallNetwork(), inputShape: [8, 8, 1], seed: 1)
    let x = images(40)
    let expected = try model(x)
    let wrong = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 64) { _ in
      do {
        if try model(x) != expected { wrong.add(1, ordering: .relaxed) }
      } catch {
        wrong.add(1, ordering: .relaxed)
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test func sameBitsOnAnyNumberOfThreads() throws {
    let network = smallNetwork()
    let x = images(50)
    let results = try [1, 2, 3, 7].map { count in
      let engine = try Engine(options: EngineOptions(threadCount: count))
      return try Model(network, inputShape: [8, 8, 1], seed: 1, engine: engine)(x)
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test func wrongInputsAreRefused() throws {
    let model = try Model(smallNetwork(), inputShape: [8, 8, 1])
    func message(_ body: () throws -> Void) -> String? {
      #expect(throws: PredictionError.self, performing: body)?.description
    }
    #expect(
      message { _ = try model(Tensor(zeros: [8, 8, 1])) }
        == "The input 'input' expects the shape [batch, 8, 8, 1]; it was given [8, 8, 1] (add a "
        + "leading extent of 1 for a batch of one example).")
    #expect(
      message { _ = try model(Tensor(zeros: [2, 9, 8, 1])) }
        == "The input 'input' expects the shape [batch, 8, 8, 1]; it was given [2, 9, 8, 1].")
    #expect(
      message { _ = try model.predict([:]) } == "The input 'input' was not fed.")
    #expect(
      message { _ = try model.predict(["x": Tensor(zeros: [1])]) }
        == "The model has no input 'x'; its inputs are input.")
  }

  @Test func unknownVariablesAreRefused() throws {
    var model = try Model(Dense(outputSize: 1), inputShape: [2])
    #expect(throws: VariableError.self) { _ = try model.value(of: "nothing") }
    let error = #expect(throws: VariableError.self) {
      try model.setValue(Tensor(zeros: [3]), of: "dense.bias")
    }
    #expect(
      error?.description == "Variable 'dense.bias' has the shape [1]; it was given [3].")
  }

  @Test func summaryIsATable() throws {
    let model = try Model(smallNetwork(), inputShape: [8, 8, 1])
    #expect(
      model.summary.description == """
        layer  kind            output     parameters  MFLOP  bytes  convolution
        ───────────────────────────────────────────────────────────────────────
        0      Conv2D(4, 3×3)  [6, 6, 4]          40  0.003    576  direct
        1      MaxPool2D(2×2)  [3, 3, 4]           0  0.000    144
        2      Flatten         [36]                0  0.000    144
        3      Dropout(0.5)    [36]                0  0.000    144
        4      Dense(3)        [3]               111  0.000     12
        ───────────────────────────────────────────────────────────────────────
        total                                    151  0.003  1,020
        """)
  }
}
