import Graphs
import Layers
import Tensors
import Testing

@Suite("Memory of predictions")
struct PredictionMemoryTests {
  /// A network of few bytes whose values have `extent`² elements an example.
  private func product(extent: Int) -> (x: Node, result: Node) {
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, .fixed(extent)])
    return (x, x.reshaped(to: [extent, 1, 1]) * x.reshaped(to: [1, extent, 1]))
  }

  @Test("Activations that no machine holds are an error, not the end of the process")
  func activations() throws {
    let extent = 1 << 20
    let model = try Model(outputs: ["mean": globalAveragePool2D(product(extent: extent).result)])
    let error = #expect(throws: MemoryError.self) { try model(Tensor(zeros: [2, extent])) }
    #expect(error?.byteCount ?? 0 > 1 << 41)
    #expect(error?.description.contains("activations of up to 1 example: expected ") == true)
  }

  @Test("So are outputs, and sizes that overflow")
  func outputs() throws {
    let extent = 1 << 20
    let model = try Model(outputs: ["product": product(extent: extent).result])
    #expect(throws: MemoryError.self) { try model(Tensor(zeros: [2, extent])) }

    // Many of them: their sum has more bytes than an integer counts.
    let (_, large) = product(extent: extent)
    var sum = large
    for _ in 0..<100_000 { sum = sum + large }
    let deep = try Model(outputs: ["mean": globalAveragePool2D(sum)])
    let error = #expect(throws: MemoryError.self) { try deep(Tensor(zeros: [1, extent])) }
    #expect(error?.byteCount == .max)
  }

  @Test("Parameters that no machine holds are an error")
  func parameters() {
    #expect(throws: MemoryError.self) {
      try Model(Sequential { Dense(outputSize: 1 << 30) }, inputShape: [1 << 10])
    }
  }
}
