import Datasets
import Tensors
import Testing

@Suite struct SplitTests {
  func dataset(labels: [Int32]) throws -> InMemoryDataset {
    try InMemoryDataset(
      inputs: Tensor(shape: [labels.count, 1], (0..<labels.count).map(Float.init)), labels: labels)
  }

  @Test func everyClassGivesItsShare() throws {
    let labels = (0..<1000).map { Int32($0 % 10 == 0 ? 2 : $0 % 2) }
    let parts = try dataset(labels: labels).split(holdingOut: 0.2, seed: 1)
    #expect(parts.training.count == 800)
    #expect(parts.heldOut.count == 200)
    #expect(Set(parts.training.indices + parts.heldOut.indices) == Set(0..<1000))
    #expect(parts.heldOut.indices == parts.heldOut.indices.sorted())
    let held = parts.heldOut.labels ?? []
    #expect((0..<3).map { label in held.count { $0 == label } } == [80, 100, 20])
  }

  @Test func sharesAreRoundedByLargestRemainders() throws {
    // 4, 3 and 3 examples, 5 held out: 2, 1.5 and 1.5.
    let parts = try dataset(labels: [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]).split(holdingOut: 0.5, seed: 9)
    let held = parts.heldOut.labels ?? []
    #expect((0..<3).map { label in held.count { $0 == label } } == [2, 2, 1])
  }

  @Test func theSeedDecides() throws {
    let data = try dataset(labels: Array(repeating: 0, count: 50))
    let first = try data.split(holdingOut: 0.3, seed: 1).heldOut.indices
    #expect(try data.split(holdingOut: 0.3, seed: 1).heldOut.indices == first)
    #expect(try data.split(holdingOut: 0.3, seed: 2).heldOut.indices != first)
  }

  @Test func withoutLabelsAnyExampleMayBeHeldOut() throws {
    let data = try InMemoryDataset(
      inputs: Tensor(zeros: [10, 2]), targets: Tensor(zeros: [10, 1]))
    let parts = try data.split(holdingOut: 0.25, seed: 4)
    #expect(parts.heldOut.count == 3)
    #expect(parts.training.labels == nil)
  }

  @Test(arguments: [0, 1, -0.5, 2, .nan, 0.01, 0.99]) func partsMayNotBeEmpty(fraction: Double) {
    #expect(throws: DatasetError.self) {
      try dataset(labels: [0, 1, 0]).split(holdingOut: fraction, seed: 0)
    }
  }

  @Test func subsetsFillFromTheirBase() throws {
    let data = try dataset(labels: (0..<500).map { Int32($0) })
    let subset = try SubsetDataset(data, indices: (0..<400).map { 499 - $0 } + [7, 7])
    #expect(subset.isInMemory)
    let batch = try Batch(allOf: subset)
    #expect(batch.count == 402)
    #expect((0..<402).map { Int(batch.floats(0)[$0]) } == subset.indices)
    #expect((0..<402).map { Int(batch.integers(1)[$0]) } == subset.indices)
    #expect(subset.labels == subset.indices.map { Int32($0) })
    #expect(throws: DatasetError.self) { try SubsetDataset(data, indices: [0, 500]) }
    #expect(throws: DatasetError.self) { try SubsetDataset(data, indices: [-1]) }
  }
}
