import Needletail
import Testing

@Suite("Cancellation")
struct CancellationTests {
  private static func network() -> Sequential {
    Sequential {
      Flatten()
      Dense(outputSize: 10)
    }
  }

  private static let trainer = Trainer(
    loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.01))

  @Test("A cancelled task ends fit before the next step, and leaves what the last one made")
  func fit() async throws {
    let digits = try Digits.load()
    let task = Task { () -> (model: Model, steps: Int, error: (any Error)?) in
      var model = try Model(Self.network(), inputShape: [8, 8, 1], seed: 1)
      var steps = 0
      do {
        try Self.trainer.fit(&model, to: digits.training, epochs: 2, seed: 1) { event in
          if case .stepEnded = event {
            steps += 1
            if steps == 3 { withUnsafeCurrentTask { $0?.cancel() } }
          }
          return .continue
        }
        return (model, steps, nil)
      } catch {
        return (model, steps, error)
      }
    }
    let cancelled = try await task.value
    #expect(cancelled.error is CancellationError)
    #expect(cancelled.steps == 3)

    var expected = try Model(Self.network(), inputShape: [8, 8, 1], seed: 1)
    var steps = 0
    try Self.trainer.fit(&expected, to: digits.training, epochs: 2, seed: 1) { event in
      if case .stepEnded = event { steps += 1 }
      return steps == 3 ? .stop : .continue
    }
    let input = Tensor(shape: [1, 8, 8, 1], (0..<64).map { Float($0 % 17) })
    #expect(try cancelled.model(input) == expected(input))
  }

  @Test("A cancelled task ends evaluate")
  func evaluate() async throws {
    let digits = try Digits.load()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      let model = try Model(Self.network(), inputShape: [8, 8, 1], seed: 1)
      return try Self.trainer.evaluate(model, on: digits.test).loss
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
