import Datasets
import Tensors
import Testing

@Suite struct BatchTests {
  let fields = [
    BatchField(name: "input", elementType: .float32, exampleShape: [3, 2]),
    BatchField(name: "target", elementType: .int32, exampleShape: []),
    BatchField(name: "mask", elementType: .float32, exampleShape: [5]),
  ]

  @Test func everyFieldIsAlignedAndApart() throws {
    let batch = try Batch(fields: fields, capacity: 7)
    #expect(batch.count == 0)
    #expect(UInt(bitPattern: batch.floats(0)) % 64 == 0)
    #expect(UInt(bitPattern: batch.integers(1)) % 64 == 0)
    #expect(UInt(bitPattern: batch.floats(2)) % 64 == 0)
    for index in 0..<42 { batch.floats(0)[index] = 1 }
    for index in 0..<7 { batch.integers(1)[index] = -1 }
    for index in 0..<35 { batch.floats(2)[index] = 2 }
    #expect((0..<42).allSatisfy { batch.floats(0)[$0] == 1 })
    #expect((0..<7).allSatisfy { batch.integers(1)[$0] == -1 })
    #expect((0..<35).allSatisfy { batch.floats(2)[$0] == 2 })
  }

  @Test func fieldsAreFoundByName() throws {
    let batch = try Batch(fields: fields, capacity: 1)
    #expect(batch.fieldIndex(named: "target") == 1)
    #expect(batch.fieldIndex(named: "weights") == nil)
  }

  @Test func tensorsBecomeABatch() throws {
    let inputs = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])
    let classified = try Batch(inputs: inputs, labels: [7, 8])
    #expect(classified.count == 2)
    #expect(classified.floats(0)[5] == 6)
    #expect(classified.integers(1)[1] == 8)
    let regressed = try Batch(inputs: inputs, targets: Tensor(shape: [2, 1], [0.5, 0.25]))
    #expect(regressed.floats(1)[1] == 0.25)
    #expect(regressed.fields[1].exampleShape == [1])
    #expect(throws: DatasetError.self) { try Batch(inputs: inputs, labels: [7]) }
  }
}
