import Datasets
import Tensors
import Testing
import Threads

/// A data set that computes what it gives: half of the smallest normal number.
private struct Halves: Dataset {
  let isInMemory: Bool
  let smallest = Tensor(shape: [1], [.leastNormalMagnitude])
  var count: Int { 96 }
  var fields: [BatchField] {
    [BatchField(name: "input", elementType: .float32, exampleShape: [])]
  }
  var classNames: [String]? { nil }

  func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) {
    for place in indices.indices { batch.floats(0)[slot + place] = smallest[0] * 0.5 }
  }
}

@Suite("Denormal numbers in batches")
struct FloatModeTests {
  @Test(
    "Are flushed on the caller's thread, on the team's and on the one that prefetches",
    arguments: [false, true], [false, true])
  func flushed(prefetches: Bool, usesTeam: Bool) throws {
    let dataset = Halves(isInMemory: !prefetches)
    #expect(dataset.smallest[0] * 0.5 > 0)
    let batches = try Batches(dataset, size: 48, prefetch: prefetches)
    if usesTeam { batches.team = WorkerTeam(threadCount: 2) }
    for _ in 0..<2 {
      let batch = try #require(try batches.next())
      #expect((0..<48).allSatisfy { batch.floats(0)[$0] == 0 })
      // The caller's mode is its own again.
      #expect(dataset.smallest[0] * 0.5 > 0)
    }
  }
}
