import Dispatch
import Graphs
import Layers
import Synchronization
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
    let wrong = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for turn in 0..<24 {
        let (m, i) = ((thread + turn) % models.count, (thread + turn / 3) % inputs.count)
        do {
          if try models[m](inputs[i]) != expected[m][i] {
            wrong.withLock { $0.append("model \(m), input \(i)") }
          }
        } catch {
          wrong.withLock { $0.append("\(error)") }
        }
      }
    }
    #expect(wrong.withLock { $0 } == [])
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
      let equal = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: 8) { thread in
        var copy = fresh
        if thread % 2 == 1 {
          for variable in changed.variables {
            guard let value = try? changed.value(of: variable.name) else { return }
            try? copy.setValue(value, of: variable.name)
          }
        }
        if (try? copy(input)) == expected[thread % 2] { equal.add(1, ordering: .relaxed) }
      }
      #expect(equal.load(ordering: .relaxed) == 8)
    }
  }
}
