import Needletail
import Testing

@Suite struct SessionTests {
  private func session() throws -> (Session, prediction: Node) {
    let graph = GraphBuilder()
    let x = graph.placeholder("x", [.batch, 1])
    let y = graph.placeholder("y", [.batch, 1])
    let w = graph.variable("w", shape: [1, 1], initializer: .zeros)
    let b = graph.variable("b", shape: [1], initializer: .zeros)
    let prediction = matmul(x, w) + b
    let session = try Session(
      minimizing: mean(square(prediction - y)), with: .sgd(learningRate: 0.25), batchSize: 4)
    return (session, prediction)
  }

  @Test func gradientDescentByHand() throws {
    let (session, prediction) = try session()
    let loss = try session.step([
      "x": Tensor(shape: [2, 1], [1, 3]), "y": Tensor(shape: [2, 1], [2, 4]),
    ])
    // With w = b = 0: loss (4 + 16) / 2; dw = −(2·1 + 4·3) = −14; db = −(2 + 4) = −6.
    #expect(loss == 10)
    #expect(try session.value(of: "w").elements == [3.5])
    #expect(try session.value(of: "b").elements == [1.5])
    let model = try session.model(computing: prediction)
    #expect(try model(Tensor(shape: [1, 1], [2])).elements == [8.5])
  }

  @Test func wrongFeedsAreRefused() throws {
    let (session, _) = try session()
    func message(_ feeds: [String: Tensor]) -> String? {
      #expect(throws: TrainingError.self) { try session.step(feeds) }?.description
    }
    let ones = Tensor(shape: [2, 1], [1, 1])
    #expect(message(["x": ones]) == "The placeholder 'y' was not fed.")
    #expect(
      message(["x": ones, "y": Tensor(shape: [2], [1, 1])])
        == "The placeholder 'y' expects [batch, 1]; it was fed [2].")
    #expect(message(["x": ones, "y": Tensor(zeros: [3, 1])]) != nil)
    #expect(message(["x": Tensor(zeros: [5, 1]), "y": Tensor(zeros: [5, 1])]) != nil)
    #expect(session.stepCount == 0)
  }

  @Test func labelsAreFedByName() throws {
    let graph = GraphBuilder()
    let x = graph.placeholder("x", [.batch, 2])
    let y = graph.placeholder("y", [.batch], elementType: .int32)
    _ = graph.placeholder("unused", [.batch, 7])
    let logits = matmul(x, graph.variable("w", shape: [2, 2]))
    let session = try Session(
      minimizing: softmaxCrossEntropyLoss(logits: logits, targets: y),
      with: .sgd(learningRate: 1), batchSize: 2)
    let feeds = ["x": Tensor(shape: [2, 2], [1, 0, 0, 1])]
    let first = try session.step(feeds, labels: ["y": [0, 1]])
    for _ in 0..<50 { try session.step(feeds, labels: ["y": [0, 1]]) }
    #expect(try session.step(feeds, labels: ["y": [0, 1]]) < first / 4)
    let error = #expect(throws: TrainingError.self) { try session.step(feeds) }
    #expect(error?.description == "The placeholder 'y' was not fed (labels: takes it).")
  }

  @Test func noGradientReachesTheTargetsOfALoss() throws {
    let graph = GraphBuilder()
    let w = graph.variable("w", shape: [1, 1], initializer: .constant(3))
    let loss = meanAbsoluteErrorLoss(prediction: w * 2, targets: w)
    let session = try Session(minimizing: loss, with: .sgd(learningRate: 0.25), batchSize: 1)
    for step in 1...4 {
      try session.step([:])
      // d|2w − target| / dw = 2, with the target held.
      #expect(try session.value(of: "w").elements == [3 - 0.5 * Float(step)])
    }
  }

  @Test func aLossMustBeAScalar() throws {
    let graph = GraphBuilder()
    let x = graph.placeholder("x", [.batch, 1])
    let w = graph.variable("w", shape: [1, 1])
    #expect(throws: TrainingError.self) {
      _ = try Session(minimizing: matmul(x, w), with: .sgd(learningRate: 1), batchSize: 1)
    }
  }
}
