import Kernels
import TestSupport
import Testing
import Threads

/// The mean and the squared deviations of the channels of a convolution's result, taken while it is
/// written.
@Suite struct ConvolutionMomentsTests {
  private struct Results: Equatable {
    var y: [Float]
    var mean: [Float]
    var squares: [Float]
  }

  /// Runs the forward pass in memory for batches of up to `maximumBatch`.
  private static func run(
    _ test: ConvolutionCase, algorithm: ConvolutionAlgorithm, threads: Int = 1,
    maximumBatch: Int? = nil, takesMoments: Bool = true, offset: Float = 0,
    function: ElementwiseFunction = .relu, x: [Float]
  ) -> Results {
    let g = test.geometry
    let (_, weights, small, dz) = ConvolutionTests.arrays(test, TestArrays.uniform)
    let bias = small.map { $0 + offset }
    let team = WorkerTeam(threadCount: threads)
    let most = maximumBatch ?? test.batch
    var y = [Float](repeating: .nan, count: dz.count)
    let channels = g.outputChannels
    let stride = (channels + 15) / 16 * 16
    return withScratch(Convolution.momentCount(g, maximumBatch: most, algorithm: algorithm)) {
      moments in
      ConvolutionTests.prepared(test, .forward, weights, algorithm, team) { prepared in
        let count = Convolution.scratchCount(
          g, maximumBatch: most, pass: .forward, threadCount: threads, algorithm: algorithm)
        withScratch(count) {
          Convolution.forward(
            g, batch: test.batch, x: x, weights: weights, prepared: prepared, bias: bias,
            function: function, parameter: 0, y: &y, moments: takesMoments ? moments : nil,
            scratch: $0, team: team, algorithm: algorithm)
        }
      }
      let memory = UnsafeBufferPointer(start: moments, count: 2 * stride)
      return Results(
        y: y, mean: Array(memory.prefix(channels)),
        squares: Array(memory[stride..<stride + channels]))
    }
  }

  private static func x(_ test: ConvolutionCase) -> [Float] {
    ConvolutionTests.arrays(test, TestArrays.uniform).x
  }

  /// Expects the moments of what was written, by their definition.
  private static func expectMoments(_ r: Results, _ comment: String) {
    let channels = r.mean.count
    let reference = ReferenceBatchNormalization(
      channels: channels, x: r.y.map(Double.init), epsilon: 1)
    let rows = Double(r.y.count / channels)
    let largest = largest(r.y.map(Double.init))
    expectClose(r.mean, reference.mean, absolute: 1e-6 * largest, "mean by \(comment)")
    expectClose(
      r.squares, reference.variance.map { $0 * rows }, relative: 2e-5,
      absolute: 1e-6 * largest * largest, "squares by \(comment)")
  }

  /// Beside all cases of convolutions: a line of tiles that is more than a chunk takes; several runs
  /// through the phases; chunks of several images, and lines of tiles cut by the image's end.
  private static let cases =
    ConvolutionCase.all + [
      ConvolutionCase(2, 5, 131, 3, 5, kernel: (3, 3), padding: nil),
      ConvolutionCase(9, 29, 33, 128, 130, kernel: (3, 3), padding: nil),
      ConvolutionCase(23, 7, 7, 64, 64, kernel: (3, 3), padding: nil),
      ConvolutionCase(5, 23, 19, 64, 33, kernel: (3, 3), padding: nil),
      ConvolutionCase(2, 61, 60, 24, 24, kernel: (3, 3), padding: nil, groups: 24),
      ConvolutionCase(4, 31, 33, 64, 200, kernel: (1, 1)),
      ConvolutionCase(2, 7, 7, 512, 520, kernel: (1, 1)),
    ]

  @Test(arguments: cases) func momentsOfTheResult(_ test: ConvolutionCase) {
    let x = Self.x(test)
    for algorithm in ConvolutionTests.algorithms(test) {
      let r = Self.run(test, algorithm: algorithm, x: x)
      Self.expectMoments(r, "\(algorithm)")
      let plain = Self.run(test, algorithm: algorithm, takesMoments: false, x: x)
      let agree = plain.y == r.y
      #expect(agree, "y by \(algorithm)")
    }
  }

  @Test(arguments: cases) func threadsDoNotChangeBits(_ test: ConvolutionCase) {
    let x = Self.x(test)
    for algorithm in ConvolutionTests.algorithms(test) {
      let one = Self.run(test, algorithm: algorithm, x: x)
      for threads in [2, 3, 7] {
        let agree = Self.run(test, algorithm: algorithm, threads: threads, x: x) == one
        #expect(agree, "\(threads) threads, \(algorithm)")
      }
    }
  }

  /// A smaller batch must do with the memory of the largest, and gives the same bits in it.
  @Test(arguments: cases) func smallerBatches(_ test: ConvolutionCase) {
    let x = Self.x(test)
    for algorithm in ConvolutionTests.algorithms(test) {
      let exact = Self.run(test, algorithm: algorithm, x: x)
      for most in [test.batch + 1, 4 * test.batch] {
        let agree = Self.run(test, algorithm: algorithm, maximumBatch: most, x: x) == exact
        #expect(agree, "\(algorithm)")
      }
    }
  }

  @Test(arguments: cases) func memoryGrowsWithTheBatch(_ test: ConvolutionCase) {
    for algorithm in ConvolutionTests.algorithms(test) {
      let counts = [1, 2, 3, 5, 16, 17, 64, 100].map {
        Convolution.momentCount(test.geometry, maximumBatch: $0, algorithm: algorithm)
      }
      #expect(counts == counts.sorted())
    }
  }

  /// Sums of squares would lose all digits here.
  @Test(arguments: cases) func meansFarFromZero(_ test: ConvolutionCase) {
    let x = Self.x(test)
    for algorithm in ConvolutionTests.algorithms(test) {
      let r = Self.run(test, algorithm: algorithm, offset: 1000, function: .identity, x: x)
      let channels = r.mean.count
      let reference = ReferenceBatchNormalization(
        channels: channels, x: r.y.map(Double.init), epsilon: 1)
      let rows = Double(r.y.count / channels)
      expectClose(r.mean, reference.mean, relative: 1e-6, "mean by \(algorithm)")
      expectClose(
        r.squares, reference.variance.map { $0 * rows }, relative: 1e-3, absolute: 1e-4 * rows,
        "squares by \(algorithm)")
    }
  }

  /// Products that leave out the zeros of their rows cut them as the others do.
  @Test(arguments: [(4, 31, 33, 64, 200), (2, 7, 7, 512, 520), (3, 3, 5, 130, 128)])
  func rowsWithZeros(_ batch: Int, _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int) {
    let test = ConvolutionCase(batch, height, width, inputs, outputs, kernel: (1, 1))
    let x = Self.x(test).enumerated().map { $0.offset % 3 == 0 ? $0.element : 0 }
    let one = Self.run(test, algorithm: .matrixProduct, x: x)
    Self.expectMoments(one, "zeros")
    let several = Self.run(test, algorithm: .matrixProduct, threads: 3, x: x)
    let plain = Self.run(test, algorithm: .matrixProduct, takesMoments: false, x: x)
    #expect(several == one)
    let agree = plain.y == one.y
    #expect(agree)
  }

  /// A normalisation takes the moments that it is given for those of its rows.
  @Test func aNormalizationReadsThem() {
    let (rows, channels) = (40, 5)
    let x = TestArrays.uniform(rows * channels, seed: 1)
    var moments = [Float](repeating: .nan, count: 2 * 16)
    for channel in 0..<channels {
      moments[channel] = 0.25
      moments[16 + channel] = Float(rows) * Float(channel + 1)
    }
    var y = [Float](repeating: .nan, count: x.count)
    var (mean, deviation) = ([Float](repeating: 0, count: 5), [Float](repeating: 0, count: 5))
    var (savedMean, savedDeviation) = (mean, deviation)
    withScratch(
      BatchNormalization.forwardScratchCount(rows: rows, channels: channels, isTraining: true)
    ) {
      BatchNormalization.forwardTraining(
        rows: rows, channels: channels, x: x,
        moments: ChannelMoments(channels: channels, memory: moments), gamma: nil, beta: nil,
        epsilon: 1e-3, momentum: 0.5, runningMean: &mean, runningVariance: &deviation,
        savedMean: &savedMean, savedInverseDeviation: &savedDeviation, function: .identity,
        parameter: 0, y: &y, scratch: $0, team: WorkerTeam(threadCount: 2))
    }
    expectClose(
      y,
      x.enumerated().map {
        (Double($0.element) - 0.25) / (Double($0.offset % channels) + 1.001).squareRoot()
      }, absolute: 1e-6)
    expectClose(mean, [Double](repeating: 0.125, count: 5))
    expectClose(deviation, (1...5).map { Double($0) / 2 })
  }
}
