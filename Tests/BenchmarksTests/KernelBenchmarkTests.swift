import CKernels
import Kernels
import Needletail
import Testing

@Suite struct KernelBenchmarkTests {
  @Test("Every algorithm of a convolution has its three passes")
  func convolutions() throws {
    let geometry = ConvolutionGeometry(
      inputHeight: 6, inputWidth: 5, inputChannels: 3, outputChannels: 4, kernelHeight: 3,
      kernelWidth: 3
    ).withSamePadding()
    let benchmark = KernelBenchmark(
      engine: try Engine(options: EngineOptions(threadCount: 2)), seconds: 1e-3)
    for algorithm in ConvolutionAlgorithm.allCases where algorithm.supports(geometry) {
      let speeds = try benchmark.measure(geometry, batch: 2, algorithm: algorithm)
      #expect(speeds.map(\.pass) == ConvolutionPass.allCases)
      for speed in speeds {
        #expect(speed.operations == 2 * 2 * 30 * 4 * 27)
        #expect(speed.algorithm == algorithm.rawValue)
        #expect(speed.isRule == (algorithm == .direct))
        #expect(speed.gigaflopsPerSecond > 0)
      }
    }
  }

  @Test("Products are measured by tiles and by the BLAS")
  func products() throws {
    let benchmark = KernelBenchmark(
      engine: try Engine(options: EngineOptions(threadCount: 1)), seconds: 1e-3)
    let speeds = try benchmark.measure(rows: 7, inputSize: 5, outputSize: 3, includingBLAS: true)
    #expect(speeds.map(\.algorithm) == ["tiles", "tiles", "tiles", "blas", "blas", "blas"])
    #expect(speeds.allSatisfy { $0.operations == 2 * 7 * 5 * 3 })
  }

  @Test("A preset's shapes are found, each once")
  func shapes() throws {
    let mnist = try NetworkShapes(of: .mnistCNN)
    #expect(mnist.convolutions.map(\.geometry.outputChannels) == [32, 64, 64])
    #expect(mnist.products.map(\.inputSize) == [576, 64])
    #expect(mnist.products.map(\.rowsPerExample) == [1, 1])
    let residual = try NetworkShapes(of: .resnet50).convolutions.map(\.geometry)
    #expect(Set(residual).count == residual.count)
    #expect(residual.first?.kernelHeight == 7)
    // The stem; three of each stage's repeated bottlenecks, of the first stage's shortcut too.
    #expect(residual.count == 13)
    #expect(residual.dropFirst().allSatisfy { $0.strideHeight == 1 })
  }

  @Test("The loops that reach limits compute what they say", arguments: [0, 1, 15, 16, 17, 1000])
  func limits(_ count: Int) {
    let a = (0..<count).map { Float($0 % 7) }
    let b = (0..<count).map { Float($0 % 5) }
    #expect(nk_stream_read(count, a) == a.reduce(0, +))
    var y = [Float](repeating: -1, count: count + 1)
    nk_stream_copy(count, a, &y)
    #expect(y == a + [-1])
    nk_stream_triad(count, a, b, 3, &y)
    #expect(y == zip(a, b).map { $0 + 3 * $1 } + [-1])
    // Each chain ends at the point that its step leaves alone: 0.5 / (1 − 0.5).
    let lanes = Float(nk_multiply_add_operations() / 2)
    #expect(nk_multiply_add(100, 0.5, 0.5) == lanes)
  }

  @Test("Memory's limits are measured for every access")
  func bandwidth() throws {
    let engine = try Engine(options: EngineOptions(threadCount: 2))
    let found = try MemoryBandwidth.measuring(on: engine, seconds: 1e-3, arrayByteCount: 1 << 20)
    #expect(found.map(\.access) == MemoryBandwidth.Access.allCases)
    #expect(found.allSatisfy { $0.gigabytesPerSecond > 0 && $0.threadCount == 2 })
    #expect(ProcessorPeak(measuringOn: engine, seconds: 1e-2).gigaflopsPerSecond > 0)
  }

  @Test("A value is handed over by two threads, and by one there is nobody to hand it to")
  func handOver() throws {
    let two = try Engine(options: EngineOptions(threadCount: 2))
    // On a busy machine the second thread may come late.
    let found = (0..<100).lazy.compactMap { _ in HandOver(measuringOn: two, seconds: 0.02) }.first
    #expect(try #require(found).nanoseconds > 1)
    let one = try Engine(options: EngineOptions(threadCount: 1))
    #expect(HandOver(measuringOn: one, seconds: 0.02) == nil)
  }
}
