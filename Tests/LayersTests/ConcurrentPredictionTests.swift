import Foundation
import Graphs
import Layers
import Tensors
import Testing
import Threads

@Suite("Predictions from many threads")
struct ConcurrentPredictionTests {
  private func model(seed: UInt64, engine: Engine) throws -> Model {
    try Model(
      Sequential {
        Conv2D(outputChannels: 8, kernelSize: 3, padding: .same, activation: .relu)
        MaxPool2D(poolSize: 2)
        Flatten()
        Dense(outputSize: 10)
      }, inputShape: [12, 12, 1], seed: seed, engine: engine)
  }

  private func examples(_ count: Int, seed: Int) -> Tensor {
    Tensor(
      shape: [count, 12, 12, 1],
      (0..<count * 144).map { Float(($0 &* 7919 &+ seed &* 104_729) % 509) / 509 })
  }

  @Test("The same and several models give the bits that they give alone")
  func sameBits() throws {
    let engine = try Engine(options: EngineOptions(threadCount: 3))
    let other = try Engine(options: EngineOptions(threadCount: 2))
    let models = try [
      model(seed: 1, engine: engine), model(seed: 2, engine: engine), model(seed: 3, engine: other),
    ]
    let inputs = [1, 7, 40, 150].enumerated().map { examples($1, seed: $0) }
    let expected = try models.map { model in try inputs.map { try model($0) } }
    let wrong = Wrong()
    onThreads(8) { thread in
      for turn in 0..<60 {
        // Half of the threads meet at the same model and size, the others roam.
        let step = thread % 2 == 0 ? turn : turn + thread
        let (m, i) = (step % models.count, step / models.count % inputs.count)
        do {
          if try models[m](inputs[i]) != expected[m][i] {
            wrong.note("model \(m), input \(i)")
          }
        } catch {
          wrong.note("\(error)")
        }
      }
    }
    #expect(wrong.notes == [])
  }

  @Test("A first prediction may come from several threads at once, and so may a changed copy")
  func firstUse() throws {
    let engine = try Engine(options: EngineOptions(threadCount: 2))
    let input = examples(20, seed: 5)
    for seed in 0..<4 as Range<UInt64> {
      let fresh = try model(seed: seed, engine: engine)
      let changed = try model(seed: seed + 100, engine: engine)
      let expected = [
        try model(seed: seed, engine: engine)(input),
        try model(seed: seed + 100, engine: engine)(input),
      ]
      let wrong = Wrong()
      onThreads(8) { thread in
        var copy = fresh
        if thread % 2 == 1 {
          for variable in changed.variables {
            guard let value = try? changed.value(of: variable.name) else { break }
            try? copy.setValue(value, of: variable.name)
          }
        }
        if (try? copy(input)) != expected[thread % 2] { wrong.note("thread \(thread)") }
      }
      #expect(wrong.notes == [])
    }
  }
}

/// What threads found wrong.
private final class Wrong: Sendable {
  private let found = Lock<[String]>([])

  var notes: [String] { found.withLock { $0 } }

  func note(_ text: String) { found.withLock { $0.append(text) } }
}

/// Runs `body` on threads of its own, more than there are processors: Dispatch would start as many as
/// these.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    Thread {
      body(index)
      group.leave()
    }.start()
  }
  group.wait()
}
