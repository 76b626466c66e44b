import Datasets
import Tensors
import Testing

@Suite struct InMemoryDatasetTests {
  let inputs = Tensor(shape: [4, 2], [0, 1, 10, 11, 20, 21, 30, 31])

  @Test func examplesGoToTheirPlaces() throws {
    let dataset = try InMemoryDataset(
      inputs: inputs, labels: [0, 1, 2, 1], classNames: ["a", "b", "c"])
    #expect(dataset.count == 4)
    #expect(dataset.labels == [0, 1, 2, 1])
    #expect(dataset.isInMemory)
    let batch = try Batch(fields: dataset.fields, capacity: 4)
    [3, 0].withUnsafeBufferPointer { dataset.fill(batch, at: 1, with: $0) }
    #expect((0..<8).map { batch.floats(0)[$0] } == [0, 0, 30, 31, 0, 1, 0, 0])
    #expect((0..<4).map { batch.integers(1)[$0] } == [0, 1, 0, 0])
    #expect(batch.count == 0)
    try [1].withUnsafeBufferPointer { try dataset.fill(batch, with: $0) }
    #expect(batch.count == 1)
  }

  @Test func severalFieldsOfAnyType() throws {
    let dataset = try InMemoryDataset(values: [
      .integers("tokens", [1, 2, 3, 4, 5, 6, 7, 8], exampleShape: [2]), .floats("input", inputs),
      .floats("target", Tensor(shape: [4], [1, 2, 3, 4])),
    ])
    #expect(dataset.labels == nil)
    #expect(dataset.fields.map(\.exampleShape) == [[2], [2], []])
    let batch = try Batch(allOf: dataset)
    #expect(batch.integers(0)[7] == 8)
    #expect(batch.floats(2)[3] == 4)
  }

  @Test func unequalCountsAreRefused() {
    #expect(throws: DatasetError.self) { try InMemoryDataset(inputs: inputs, labels: [0, 1, 2]) }
    #expect(throws: DatasetError.self) {
      try InMemoryDataset(inputs: inputs, targets: Tensor(zeros: [3, 1]))
    }
    #expect(throws: DatasetError.self) {
      try InMemoryDataset(inputs: Tensor(zeros: [0, 2]), labels: [])
    }
    #expect(throws: DatasetError.self) {
      try InMemoryDataset(values: [.floats("input", inputs), .floats("input", inputs)])
    }
    #expect(throws: DatasetError.self) {
      try InMemoryDataset(values: [.integers("tokens", [1, 2, 3], exampleShape: [2])])
    }
  }

  @Test(arguments: [-1, 3]) func labelsWithoutAClassAreRefused(label: Int32) {
    let error = #expect(throws: DatasetError.self) {
      try InMemoryDataset(inputs: inputs, labels: [0, 1, label, 2], classNames: ["a", "b", "c"])
    }
    #expect(
      error?.description
        == "labels, example 2: expected a label from 0 to 2, found \(label); "
        + "number the classes from 0 and name every one.")
  }
}
