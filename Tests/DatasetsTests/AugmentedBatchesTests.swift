import Datasets
import Tensors
import Testing
import Threads

/// Images that are not in memory.
private struct Decoded: Dataset {
  let base: InMemoryDataset
  var count: Int { base.count }
  var fields: [BatchField] { base.fields }
  var classNames: [String]? { nil }

  func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) {
    base.fill(batch, at: slot, with: indices)
  }
}

@Suite struct AugmentedBatchesTests {
  private static let images = NumberedImages(shape: [5, 7, 3], count: 150)
  private static let augmentation = Augmentation(
    horizontalFlip: true, verticalFlip: true, shift: 2)

  private func batches(
    size: Int = 150, order: ExampleOrder, prefetch: Bool? = nil, isInMemory: Bool = true
  ) throws -> Batches {
    let dataset = try Self.images.dataset()
    return try Batches(
      isInMemory ? dataset : Decoded(base: dataset), size: size, order: order,
      augmentation: Self.augmentation, prefetch: prefetch)
  }

  private func expect(
    _ found: [Int32: [Float]], epoch: Int, seed: UInt64 = 5, _ comment: Comment = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = Self.images.changed(Self.augmentation, seed: seed, epoch: epoch)
    #expect(found.count == expected.count, comment, sourceLocation: sourceLocation)
    let wrong = expected.indices.filter { found[Int32($0)] != expected[$0] }
    #expect(wrong.isEmpty, comment, sourceLocation: sourceLocation)
  }

  @Test(arguments: [1, 7, 64, 150, 1000], [nil, 1, 2, 3, 7])
  func anyBatchSizeAndTeamGivesTheSamePixels(size: Int, threads: Int?) throws {
    for prefetch in [false, true] {
      let batches = try batches(
        size: size, order: .shuffled(seed: 5, epoch: 3), prefetch: prefetch)
      batches.team = threads.map { WorkerTeam(threadCount: $0) }
      try expect(batches.imagesByLabel(), epoch: 3, "prefetch \(prefetch)")
    }
  }

  @Test func dataThatAreNotInMemoryAreChanged() throws {
    for prefetch in [nil, false] {
      let batches = try batches(
        size: 16, order: .shuffled(seed: 5, epoch: 1), prefetch: prefetch, isInMemory: false)
      try expect(batches.imagesByLabel(), epoch: 1)
      batches.start(.unshuffled(seed: 5, epoch: 2))
      try expect(batches.imagesByLabel(), epoch: 2)
    }
  }

  @Test func eachEpochAndSeedHasChangesOfItsOwn() throws {
    let batches = try batches(size: 40, order: .unshuffled(seed: 5, epoch: 0), prefetch: true)
    let first = try batches.imagesByLabel()
    expect(first, epoch: 0)
    batches.start(.unshuffled(seed: 5, epoch: 1))
    let second = try batches.imagesByLabel()
    expect(second, epoch: 1)
    let equal = first.filter { $0.value == second[$0.key] }.count
    #expect(equal < 15)
    batches.start(.unshuffled(seed: 6, epoch: 0))
    try expect(batches.imagesByLabel(), epoch: 0, seed: 6)
    // The order does not matter.
    batches.start(.shuffled(seed: 5, epoch: 0))
    #expect(try batches.imagesByLabel() == first)
  }

  @Test(arguments: [false, true]) func anEpochBegunInItsMiddleIsTheSame(prefetch: Bool) throws {
    let order = ExampleOrder.shuffled(seed: 5, epoch: 4)
    let whole = try batches(size: 16, order: order).imagesByLabel()
    let batches = try batches(size: 16, order: .unshuffled(seed: 1, epoch: 0), prefetch: prefetch)
    _ = try batches.next()
    batches.start(order, at: 6)
    let rest = try batches.imagesByLabel()
    #expect(rest.count == 150 - 6 * 16)
    for (label, image) in rest { #expect(image == whole[label]) }
    batches.start(at: 2)
    for (label, image) in try batches.imagesByLabel() { #expect(image == whole[label]) }
  }

  @Test func withoutAnOrderOfItsOwnTheDataSetsOrderIsKept() throws {
    let batches = try batches(size: 50, order: .unshuffled(seed: 5, epoch: 0))
    var labels: [Int32] = []
    while let batch = try batches.next() {
      labels += (0..<batch.count).map { batch.integers(1)[$0] }
    }
    #expect(labels == (0..<150).map(Int32.init))
  }

  @Test func anEpochWithoutASeedIsAMistakeOfTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let batches = try Batches(
        NumberedImages(shape: [2, 2, 1], count: 2).dataset(), size: 2,
        order: .shuffled(seed: 0, epoch: 0), augmentation: Augmentation(shift: 1))
      batches.start(.sequential)
    }
  }
}
