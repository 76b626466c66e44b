import Kernels
import TestSupport
import Testing
import Threads

/// A convolution to test.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var geometry: ConvolutionGeometry
  var batch: Int

  init(
    _ batch: Int, _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int,
    kernel: (Int, Int), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1),
    padding: WindowPadding? = WindowPadding.none, groups: Int = 1
  ) {
    self.batch = batch
    let geometry = ConvolutionGeometry(
      inputHeight: height, inputWidth: width, inputChannels: inputs, outputChannels: outputs,
      kernelHeight: kernel.0, kernelWidth: kernel.1, strideHeight: stride.0,
      strideWidth: stride.1, dilationHeight: dilation.0, dilationWidth: dilation.1,
      padding: padding ?? .none, groups: groups)
    self.geometry = padding == nil ? geometry.withSamePadding() : geometry
  }

  var testDescription: String {
    let g = geometry
    return "\(batch)x\(g.inputHeight)x\(g.inputWidth)x\(g.inputChannels)->\(g.outputChannels) "
      + "kernel \(g.kernelHeight)x\(g.kernelWidth) stride \(g.strideHeight),\(g.strideWidth) "
      + "dilation \(g.dilationHeight),\(g.dilationWidth) groups \(g.groups) "
      + "padding \(g.padding.top),\(g.padding.left),\(g.padding.bottom),\(g.padding.right)"
  }

  static let all: [ConvolutionCase] = [
    ConvolutionCase(1, 1, 1, 1, 1, kernel: (1, 1)),
    ConvolutionCase(1, 28, 28, 1, 32, kernel: (3, 3)),
    ConvolutionCase(3, 13, 13, 32, 64, kernel: (3, 3)),
    ConvolutionCase(7, 5, 5, 64, 65, kernel: (3, 3)),
    ConvolutionCase(3, 5, 5, 2, 3, kernel: (5, 5)),
    ConvolutionCase(2, 9, 7, 5, 6, kernel: (3, 2), stride: (2, 1)),
    ConvolutionCase(2, 11, 9, 3, 5, kernel: (2, 2), stride: (3, 4)),
    ConvolutionCase(2, 10, 11, 4, 7, kernel: (3, 3), dilation: (2, 3)),
    ConvolutionCase(
      2, 11, 13, 3, 4, kernel: (3, 5), stride: (2, 3), dilation: (3, 2), padding: nil),
    ConvolutionCase(
      2, 6, 7, 3, 4, kernel: (3, 3), padding: WindowPadding(top: 2, left: 0, bottom: 1, right: 3)),
    ConvolutionCase(
      1, 4, 3, 2, 3, kernel: (2, 2), stride: (2, 3),
      padding: WindowPadding(top: 4, left: 5, bottom: 6, right: 7)),
    ConvolutionCase(
      2, 3, 4, 2, 3, kernel: (1, 1), padding: WindowPadding(top: 1, left: 2, bottom: 0, right: 1)),
    ConvolutionCase(2, 7, 7, 65, 3, kernel: (1, 1)),
    ConvolutionCase(2, 7, 6, 17, 31, kernel: (1, 1), stride: (2, 2)),
    ConvolutionCase(1, 17, 13, 3, 7, kernel: (7, 7), stride: (2, 2), padding: nil),
    ConvolutionCase(2, 8, 8, 6, 4, kernel: (3, 3), stride: (2, 2), padding: nil, groups: 2),
    ConvolutionCase(2, 6, 5, 9, 6, kernel: (3, 3), padding: nil, groups: 3),
    ConvolutionCase(2, 6, 5, 3, 6, kernel: (2, 3), padding: nil, groups: 3),
    ConvolutionCase(2, 8, 8, 6, 6, kernel: (3, 3), padding: nil, groups: 6),
    ConvolutionCase(
      3, 11, 10, 65, 65, kernel: (3, 2), stride: (2, 3), dilation: (2, 1), padding: nil,
      groups: 65),
    ConvolutionCase(1, 29, 31, 83, 83, kernel: (5, 5), padding: nil, groups: 83),
    // Few large images: bands. A stride beyond the kernel leaves bands' lines without a patch.
    ConvolutionCase(1, 67, 41, 3, 4, kernel: (3, 3), padding: nil),
    ConvolutionCase(2, 97, 33, 2, 3, kernel: (2, 2), stride: (5, 2)),
    // Many parts of the batch; many weights.
    ConvolutionCase(5, 33, 32, 7, 5, kernel: (3, 3), padding: nil),
    ConvolutionCase(2, 6, 5, 128, 256, kernel: (3, 3), padding: nil),
    // One output pixel, one image; prime sizes; 65 channels, on both sides of the bound between
    // Winograd's schedules; more images than parts.
    ConvolutionCase(1, 3, 3, 65, 17, kernel: (3, 3)),
    ConvolutionCase(1, 7, 11, 65, 65, kernel: (3, 3), padding: nil),
    ConvolutionCase(19, 5, 7, 17, 13, kernel: (3, 3), padding: nil),
    ConvolutionCase(3, 13, 17, 3, 65, kernel: (3, 3), padding: nil),
    ConvolutionCase(
      2, 4, 5, 19, 5, kernel: (3, 3), padding: WindowPadding(top: 3, left: 0, bottom: 2, right: 4)),
    ConvolutionCase(5, 12, 12, 130, 70, kernel: (3, 3), padding: nil),
    // A grouped kernel with strides; a stride beyond the kernel in one direction.
    ConvolutionCase(2, 9, 11, 6, 10, kernel: (3, 1), stride: (2, 3), padding: nil, groups: 2),
    ConvolutionCase(3, 14, 15, 64, 129, kernel: (1, 1), stride: (2, 2)),
    // Rows far apart, more places than are taken at a time, more columns than a chunk's.
    ConvolutionCase(3, 11, 10, 150, 131, kernel: (1, 1)),
    ConvolutionCase(2, 19, 17, 67, 33, kernel: (3, 3), stride: (2, 2), padding: nil),
  ]
}

@Suite struct ConvolutionTests {
  /// Results of all passes, from arrays of one kind.
  private struct Passes: Equatable {
    var y: [Float]
    var dx: [Float]
    var dWeights: [Float]
    var dBias: [Float]
  }

  static func arrays(
    _ test: ConvolutionCase, _ make: (Int, UInt64) -> [Float]
  ) -> (x: [Float], weights: [Float], bias: [Float], dz: [Float]) {
    let g = test.geometry
    return (
      make(test.batch * g.inputCount, 1), make(g.weightCount, 2), make(g.outputChannels, 3),
      make(test.batch * g.outputCount, 4)
    )
  }

  private static func run(
    _ test: ConvolutionCase, algorithm: ConvolutionAlgorithm? = nil, threads: Int = 1,
    initial: Float? = nil, function: ElementwiseFunction = .identity,
    _ make: (Int, UInt64) -> [Float]
  ) -> Passes {
    let g = test.geometry
    let (x, weights, bias, dz) = arrays(test, make)
    let team = WorkerTeam(threadCount: threads)
    var passes = Passes(
      y: Array(repeating: .nan, count: dz.count),
      dx: Array(repeating: initial ?? .nan, count: x.count),
      dWeights: Array(repeating: initial ?? .nan, count: weights.count),
      dBias: Array(repeating: initial ?? .nan, count: bias.count))
    func count(_ pass: ConvolutionPass) -> Int {
      Convolution.scratchCount(
        g, maximumBatch: test.batch, pass: pass, threadCount: threads, algorithm: algorithm)
    }
    prepared(test, .forward, weights, algorithm, team) { prepared in
      withScratch(count(.forward)) {
        Convolution.forward(
          g, batch: test.batch, x: x, weights: weights, prepared: prepared, bias: bias,
          function: function, parameter: 0, y: &passes.y, scratch: $0, team: team,
          algorithm: algorithm)
      }
    }
    prepared(test, .backwardData, weights, algorithm, team) { prepared in
      withScratch(max(count(.backwardData), count(.backwardWeights))) {
        Convolution.backward(
          g, batch: test.batch, x: x, dz: dz, weights: weights, prepared: prepared,
          dx: &passes.dx, addsToImages: initial != nil, dWeights: &passes.dWeights,
          dBias: &passes.dBias, addsToWeights: initial != nil, scratch: $0, team: team,
          algorithm: algorithm)
      }
    }
    return passes
  }

  /// Calls `body` with the weights prepared for a pass.
  static func prepared(
    _ test: ConvolutionCase, _ pass: ConvolutionPass, _ weights: [Float],
    _ algorithm: ConvolutionAlgorithm?, _ team: WorkerTeam,
    _ body: (UnsafePointer<Float>) -> Void
  ) {
    withScratch(
      Convolution.preparedCount(test.geometry, pass: pass, algorithm: algorithm)
    ) { memory in
      Convolution.prepare(
        test.geometry, pass: pass, weights: weights, into: memory, team: team,
        algorithm: algorithm)
      body(memory)
    }
  }

  static func algorithms(_ test: ConvolutionCase) -> [ConvolutionAlgorithm] {
    ConvolutionAlgorithm.allCases.filter { $0.supports(test.geometry) }
  }

  @Test(arguments: ConvolutionCase.all)
  func integersAreExact(_ test: ConvolutionCase) {
    let g = test.geometry
    #expect(g.problem == nil)
    let (x, weights, bias, dz) = Self.arrays(test, TestArrays.integers)
    let y = ReferenceConvolution.forward(g, batch: test.batch, x: x, weights: weights, bias: bias)
    let dx = ReferenceConvolution.backwardData(g, batch: test.batch, dz: dz, weights: weights)
    let dWeights = ReferenceConvolution.backwardWeights(g, batch: test.batch, x: x, dz: dz)
    let dBias = referenceColumnSums(dz, columns: g.outputChannels)
    for algorithm in Self.algorithms(test) where !algorithm.divides {
      for initial in [nil, Float(3)] {
        let passes = Self.run(test, algorithm: algorithm, initial: initial, TestArrays.integers)
        let offset = Double(initial ?? 0)
        expectClose(passes.y, y, relative: 0, "y by \(algorithm)")
        expectClose(passes.dx, dx.map { $0 + offset }, relative: 0, "dx by \(algorithm)")
        expectClose(
          passes.dWeights, dWeights.map { $0 + offset }, relative: 0, "dWeights by \(algorithm)")
        expectClose(passes.dBias, dBias.map { $0 + offset }, relative: 0, "dBias by \(algorithm)")
      }
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func fractionsAreClose(_ test: ConvolutionCase) {
    let g = test.geometry
    let (x, weights, bias, dz) = Self.arrays(test, TestArrays.uniform)
    let y = ReferenceConvolution.forward(g, batch: test.batch, x: x, weights: weights, bias: bias)
      .map { max($0, 0) }
    let dx = ReferenceConvolution.backwardData(g, batch: test.batch, dz: dz, weights: weights)
    let dWeights = ReferenceConvolution.backwardWeights(g, batch: test.batch, x: x, dz: dz)
    for algorithm in Self.algorithms(test) {
      let passes = Self.run(test, algorithm: algorithm, function: .relu, TestArrays.uniform)
      // A sum's rounding grows with the square root of its terms.
      let terms = max(g.patchSize, g.groupOutputChannels * g.kernelHeight * g.kernelWidth)
      let bound = max(
        algorithm.transformRounding, 6e-8 * max(16, Double(terms).squareRoot()))
      expectClose(passes.y, y, absolute: bound * largest(y), "y by \(algorithm)")
      expectClose(passes.dx, dx, absolute: bound * largest(dx), "dx by \(algorithm)")
      expectClose(
        passes.dWeights, dWeights, absolute: bound * largest(dWeights),
        "dWeights by \(algorithm)")
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func threadsDoNotChangeBits(_ test: ConvolutionCase) {
    for algorithm in Self.algorithms(test) {
      let one = Self.run(test, algorithm: algorithm, TestArrays.uniform)
      for threads in [2, 3, 7] {
        let several = Self.run(test, algorithm: algorithm, threads: threads, TestArrays.uniform)
        let agree = several == one
        #expect(agree, "\(threads) threads, \(algorithm)")
      }
    }
  }

  /// What is added to the result comes before the function.
  @Test(arguments: ConvolutionCase.all)
  func addendsAreAdded(_ test: ConvolutionCase) {
    let g = test.geometry
    let (x, weights, bias, addend) = Self.arrays(test, TestArrays.integers)
    let team = WorkerTeam(threadCount: 2)
    let sums = ReferenceConvolution.forward(
      g, batch: test.batch, x: x, weights: weights, bias: bias)
    let expected = zip(sums, addend).map { max(0, $0 + Double($1)) }
    for algorithm in Self.algorithms(test) {
      var y = [Float](repeating: .nan, count: addend.count)
      Self.prepared(test, .forward, weights, algorithm, team) { prepared in
        withScratch(
          Convolution.scratchCount(
            g, maximumBatch: test.batch, pass: .forward, threadCount: 2, algorithm: algorithm)
        ) {
          Convolution.forward(
            g, batch: test.batch, x: x, weights: weights, prepared: prepared, bias: bias,
            addend: addend, function: .relu, parameter: 0, y: &y, scratch: $0, team: team,
            algorithm: algorithm)
        }
      }
      let bound = algorithm.transformRounding * largest(expected)
      expectClose(y, expected, absolute: bound, "\(algorithm)")
    }
  }

  @Test func biasIsOptional() {
    let test = ConvolutionCase(2, 6, 7, 3, 4, kernel: (3, 3))
    let g = test.geometry
    let (x, weights, _, dz) = Self.arrays(test, TestArrays.integers)
    let team = WorkerTeam(threadCount: 1)
    var y = [Float](repeating: .nan, count: dz.count)
    var dWeights = [Float](repeating: .nan, count: weights.count)
    Self.prepared(test, .forward, weights, nil, team) { prepared in
      withScratch(10000) {
        Convolution.forward(
          g, batch: 2, x: x, weights: weights, prepared: prepared, bias: nil, function: .identity,
          parameter: 0, y: &y, scratch: $0, team: team)
      }
    }
    withScratch(100_000) {
      Convolution.backward(
        g, batch: 2, x: x, dz: dz, weights: weights, prepared: nil, dx: nil, addsToImages: false,
        dWeights: &dWeights, dBias: nil, addsToWeights: false, scratch: $0, team: team)
    }
    expectClose(
      y, ReferenceConvolution.forward(g, batch: 2, x: x, weights: weights, bias: nil), relative: 0)
    expectClose(
      dWeights, ReferenceConvolution.backwardWeights(g, batch: 2, x: x, dz: dz), relative: 0)
  }

  /// Each gradient has the same bits whether the other is wanted or not.
  @Test(arguments: ConvolutionCase.all)
  func gradientsDoNotNeedEachOther(_ test: ConvolutionCase) {
    let g = test.geometry
    let (x, weights, _, dz) = Self.arrays(test, TestArrays.uniform)
    let team = WorkerTeam(threadCount: 2)
    for algorithm in Self.algorithms(test) {
      let both = Self.run(test, algorithm: algorithm, TestArrays.uniform)
      var dx = [Float](repeating: .nan, count: x.count)
      var dWeights = [Float](repeating: .nan, count: weights.count)
      let count = [ConvolutionPass.backwardData, .backwardWeights].map {
        Convolution.scratchCount(
          g, maximumBatch: test.batch, pass: $0, threadCount: 2, algorithm: algorithm)
      }.max()
      Self.prepared(test, .backwardData, weights, algorithm, team) { prepared in
        withScratch(count ?? 0) {
          Convolution.backward(
            g, batch: test.batch, x: x, dz: dz, weights: weights, prepared: prepared, dx: &dx,
            addsToImages: false, dWeights: nil, dBias: nil, addsToWeights: false, scratch: $0,
            team: team, algorithm: algorithm)
          Convolution.backward(
            g, batch: test.batch, x: x, dz: dz, weights: weights, prepared: nil, dx: nil,
            addsToImages: false, dWeights: &dWeights, dBias: nil, addsToWeights: false,
            scratch: $0, team: team, algorithm: algorithm)
        }
      }
      let agree = dx == both.dx && dWeights == both.dWeights
      #expect(agree, "\(algorithm)")
    }
  }

  /// A smaller batch must do with the scratch memory of the largest.
  @Test(arguments: ConvolutionCase.all)
  func scratchGrowsWithBatch(_ test: ConvolutionCase) {
    for pass in ConvolutionPass.allCases {
      for algorithm in Self.algorithms(test) {
        let counts = [1, 2, 3, 5, 16, 17, 64, 100].map {
          Convolution.scratchCount(
            test.geometry, maximumBatch: $0, pass: pass, threadCount: 3, algorithm: algorithm)
        }
        #expect(counts == counts.sorted())
      }
    }
  }
}
