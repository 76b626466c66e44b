import Needletail
import Testing

@Suite struct ModelBenchmarkTests {
  private func model(threads: Int = 2) throws -> Model {
    let network = Sequential {
      Rescale(scale: 1 / 255)
      Conv2D(outputChannels: 4, kernelSize: 3, activation: .relu)
      BatchNorm()
      Flatten()
      Dense(outputSize: 3)
    }
    let engine = try Engine(options: EngineOptions(threadCount: threads))
    return try Model(network, inputShape: [6, 6, 1], seed: 1, engine: engine)
  }

  @Test("Training makes real steps and leaves the caller's model alone")
  func training() throws {
    let model = try model()
    let before = try model.value(of: "1.weight")
    var benchmark = try TrainingBenchmark(model, batch: 5)
    let speed = try benchmark.measure(seconds: 0.01)
    #expect(try model.value(of: "1.weight") == before)
    #expect(speed.batch == 5)
    // 4×4 pixels of 4 channels from 3×3; 64 to 3.
    #expect(speed.operations == 3 * 5 * Double(2 * 16 * 4 * 9 + 2 * 64 * 3))
    #expect(speed.examplesPerSecondBest >= speed.examplesPerSecondMedian)
    #expect(speed.gigaflopsPerSecond > 0)
    #expect(benchmark.memory.byteCount > 0)
  }

  @Test("Inference counts the forward pass only")
  func inference() throws {
    let speed = try InferenceBenchmark(model(), batch: 3).measure(seconds: 0.01)
    #expect(speed.operations == 3 * Double(2 * 16 * 4 * 9 + 2 * 64 * 3))
    #expect(speed.timing.stepCount >= 4)
  }

  @Test("Layers have times that add up to the step, and operations by hand")
  func layers() throws {
    var benchmark = try LayerBenchmark(model(), batch: 2)
    let report = try benchmark.measure(seconds: 0.02)
    // The first convolution scales its images itself: "0" has no line.
    #expect(report.layers.map(\.path).prefix(2) == ["1", "2"])
    #expect(report.layers.map(\.kind).contains("Dense(3)"))
    let convolution = report.layers[0]
    let forward = Double(2 * 2 * 16 * 4 * 9)
    #expect(convolution.forwardOperations == forward)
    // Nobody wants the gradient of the network's input.
    #expect(convolution.backwardOperations == forward)
    #expect(convolution.convolution == .direct)
    let dense = try #require(report.layers.first { $0.kind == "Dense(3)" })
    #expect(dense.forwardOperations == Double(2 * 2 * 64 * 3))
    #expect(dense.backwardOperations == 2 * dense.forwardOperations)
    for layer in [convolution, dense] {
      #expect(layer.forward.smallest > 0)
      #expect(layer.backward.smallest > 0)
    }
    #expect(report.optimizer.smallest > 0)
    #expect(report.restMean >= 0)
    #expect(report.restMean < report.step.mean)
  }

  @Test("Batches that cannot be are refused", arguments: [0, 1 << 62])
  func badBatches(_ batch: Int) throws {
    let model = try model()
    #expect(throws: BenchmarkError.self) { try TrainingBenchmark(model, batch: batch) }
    #expect(throws: BenchmarkError.self) { try InferenceBenchmark(model, batch: batch) }
  }

  @Test("Networks of any output are trained", arguments: ["one", "images", "softmax"])
  func otherOutputs(_ output: String) throws {
    let network = Sequential {
      switch output {
      case "one":
        Flatten()
        Dense(outputSize: 1)
      case "images": Conv2D(outputChannels: 2, kernelSize: 3, activation: .sigmoid)
      default:
        Flatten()
        Dense(outputSize: 3, activation: .softmax)
      }
    }
    let model = try Model(network, inputShape: [6, 6, 1], seed: 1)
    var benchmark = try TrainingBenchmark(model, batch: 3)
    #expect(try benchmark.measure(seconds: 0.01).batch == 3)
  }
}
