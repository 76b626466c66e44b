import Kernels
import TestSupport
import Testing
import Threads

/// A convolution with a pooling behind it.
struct PooledCase: Sendable, CustomTestStringConvertible {
  var convolution: ConvolutionCase
  var window: (Int, Int)
  var stride: (Int, Int)
  var padding = WindowPadding.none

  var testDescription: String { "\(convolution), pooled by \(window) every \(stride)" }

  var pooling: PoolingGeometry {
    let g = convolution.geometry
    return PoolingGeometry(
      inputHeight: g.outputHeight, inputWidth: g.outputWidth, channels: g.outputChannels,
      windowHeight: window.0, windowWidth: window.1, strideHeight: stride.0,
      strideWidth: stride.1, padding: padding)
  }

  static let all: [PooledCase] = [
    PooledCase(
      convolution: ConvolutionCase(5, 12, 12, 1, 32, kernel: (3, 3)), window: (2, 2),
      stride: (2, 2)),
    // 13 × 13 pixels, of which 12 × 12 are seen.
    PooledCase(
      convolution: ConvolutionCase(19, 15, 15, 32, 48, kernel: (3, 3)), window: (2, 2),
      stride: (2, 2)),
    // Windows that overlap, and windows that leave pixels out.
    PooledCase(
      convolution: ConvolutionCase(3, 9, 11, 3, 5, kernel: (3, 2), padding: nil), window: (3, 3),
      stride: (2, 1)),
    PooledCase(
      convolution: ConvolutionCase(3, 13, 10, 5, 4, kernel: (2, 2), stride: (1, 2)),
      window: (2, 1), stride: (4, 3)),
    PooledCase(
      convolution: ConvolutionCase(2, 9, 9, 4, 6, kernel: (3, 3), padding: nil, groups: 2),
      window: (2, 2), stride: (2, 2), padding: WindowPadding(top: 1, left: 0, bottom: 1, right: 1)),
    PooledCase(
      convolution: ConvolutionCase(2, 8, 9, 6, 6, kernel: (3, 3), padding: nil, groups: 6),
      window: (2, 2), stride: (2, 2)),
    PooledCase(
      convolution: ConvolutionCase(2, 7, 9, 6, 7, kernel: (1, 1)), window: (3, 2),
      stride: (3, 2)),
  ]
}

/// Against a convolution and a pooling, one after the other.
@Suite struct PooledConvolutionTests {
  private struct Passes: Equatable {
    var y: [Float]
    var dx: [Float]
    var dWeights: [Float]
    var dBias: [Float]
  }

  private static func run(
    _ test: PooledCase, algorithm: ConvolutionAlgorithm, threads: Int,
    _ make: (Int, UInt64) -> [Float]
  ) -> Passes {
    let layer = PooledConvolution(
      convolution: test.convolution.geometry, pooling: test.pooling, algorithm: algorithm)
    let (g, batch) = (test.convolution.geometry, test.convolution.batch)
    let count = batch * test.pooling.outputCount
    let (x, weights) = (make(batch * g.inputCount, 1), make(g.weightCount, 2))
    let (bias, dy) = (make(g.outputChannels, 3), make(count, 4))
    let team = WorkerTeam(threadCount: threads)
    var indices = [UInt8](repeating: 255, count: count)
    var passes = Passes(
      y: Array(repeating: .nan, count: count), dx: Array(repeating: .nan, count: x.count),
      dWeights: Array(repeating: .nan, count: weights.count),
      dBias: Array(repeating: .nan, count: bias.count))
    func prepared(_ pass: ConvolutionPass, _ body: (UnsafePointer<Float>) -> Void) {
      let size = Convolution.preparedCount(layer.convolution, pass: pass, algorithm: algorithm)
      withScratch(size) {
        Convolution.prepare(
          layer.convolution, pass: pass, weights: weights, into: $0, team: team,
          algorithm: algorithm)
        body($0)
      }
    }
    prepared(.forward) { prepared in
      withScratch(layer.forwardScratchCount(maximumBatch: batch, threadCount: threads)) {
        layer.forward(
          batch: batch, x: x, weights: weights, prepared: prepared, bias: bias,
          function: .identity, parameter: 0, y: &passes.y, indices: &indices, scratch: $0,
          team: team)
      }
    }
    prepared(.backwardData) { prepared in
      withScratch(layer.backwardScratchCount(maximumBatch: batch, threadCount: threads)) {
        layer.backward(
          batch: batch, x: x, dy: dy, indices: indices, weights: weights, prepared: prepared,
          dx: &passes.dx, addsToImages: false, dWeights: &passes.dWeights, dBias: &passes.dBias,
          scratch: $0, team: team)
      }
    }
    return passes
  }

  private static func algorithms(_ test: PooledCase) -> [ConvolutionAlgorithm] {
    ConvolutionAlgorithm.allCases.filter { $0.supports(test.convolution.geometry) }
  }

  @Test(arguments: PooledCase.all)
  func isBothInOne(_ test: PooledCase) {
    let (g, batch) = (test.convolution.geometry, test.convolution.batch)
    let count = batch * test.pooling.outputCount
    let make = TestArrays.integers
    let (x, weights) = (make(batch * g.inputCount, 1), make(g.weightCount, 2))
    let (bias, dy) = (make(g.outputChannels, 3), make(count, 4))
    let z = ReferenceConvolution.forward(g, batch: batch, x: x, weights: weights, bias: bias)
      .map { Float($0) }
    let maxima = ReferencePooling.maxima(ReferencePooling.windows(test.pooling, batch: batch), x: z)
    var dz = [Float](repeating: 0, count: z.count)
    for (index, maximum) in maxima.enumerated() { dz[maximum.source] += dy[index] }
    // Ties of sums with fractions may fall either way in F(4×4, 3×3).
    for algorithm in Self.algorithms(test) where algorithm != .winograd4 {
      let passes = Self.run(test, algorithm: algorithm, threads: 2, make)
      expectClose(passes.y, maxima.map { Double(z[$0.source]) }, relative: 0, "\(algorithm)")
      expectClose(
        passes.dx, ReferenceConvolution.backwardData(g, batch: batch, dz: dz, weights: weights),
        relative: 0, "dx by \(algorithm)")
      expectClose(
        passes.dWeights, ReferenceConvolution.backwardWeights(g, batch: batch, x: x, dz: dz),
        relative: 0, "dWeights by \(algorithm)")
      expectClose(
        passes.dBias, referenceColumnSums(dz, columns: g.outputChannels), relative: 0,
        "dBias by \(algorithm)")
    }
  }

  @Test(arguments: PooledCase.all)
  func threadsDoNotChangeBits(_ test: PooledCase) {
    for algorithm in Self.algorithms(test) {
      let one = Self.run(test, algorithm: algorithm, threads: 1, TestArrays.uniform)
      for threads in [2, 3, 7] {
        let agree =
          Self.run(test, algorithm: algorithm, threads: threads, TestArrays.uniform) == one
        #expect(agree, "\(threads) threads, \(algorithm)")
      }
    }
  }

  /// All algorithms agree on fractions, where there are no ties.
  @Test(arguments: PooledCase.all)
  func algorithmsAgree(_ test: PooledCase) {
    let direct = Self.run(test, algorithm: .direct, threads: 1, TestArrays.uniform)
    for algorithm in Self.algorithms(test) {
      let passes = Self.run(test, algorithm: algorithm, threads: 1, TestArrays.uniform)
      func compare(_ found: [Float], _ other: [Float], _ what: String) {
        let expected = other.map { Double($0) }
        expectClose(found, expected, absolute: 1e-5 * largest(expected), "\(what) by \(algorithm)")
      }
      compare(passes.y, direct.y, "y")
      compare(passes.dx, direct.dx, "dx")
      compare(passes.dWeights, direct.dWeights, "dWeights")
    }
  }
}
