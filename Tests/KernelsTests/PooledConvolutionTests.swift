import Foundation
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
    // Few channels, in one kernel with the maxima: with zeros around the image, with pixels that no
    // window sees, with one to three windows side by side, and part of a vector of channels.
    PooledCase(
      convolution: ConvolutionCase(3, 11, 37, 3, 40, kernel: (3, 3), padding: nil),
      window: (2, 2), stride: (2, 2)),
    PooledCase(
      convolution: ConvolutionCase(2, 6, 7, 2, 19, kernel: (3, 3)), window: (2, 2),
      stride: (2, 2)),
    PooledCase(
      convolution: ConvolutionCase(2, 4, 4, 4, 1, kernel: (3, 3), padding: nil), window: (2, 2),
      stride: (2, 2)),
    // 13 × 13 pixels, of which 12 × 12 are seen.
    PooledCase(
      convolution: ConvolutionCase(19, 15, 15, 32, 48, kernel: (3, 3)), window: (2, 2),
      stride: (2, 2)),
    // Parts of vectors of channels on both sides; lines so long that few are summed at a time.
    PooledCase(
      convolution: ConvolutionCase(3, 10, 12, 37, 21, kernel: (3, 3)), window: (2, 2),
      stride: (2, 2)),
    PooledCase(
      convolution: ConvolutionCase(9, 14, 40, 16, 16, kernel: (3, 3)), window: (2, 2),
      stride: (2, 2)),
    // Zeros around the images: tiles whose windows are partly outside.
    PooledCase(
      convolution: ConvolutionCase(3, 10, 6, 20, 24, kernel: (3, 3), padding: nil),
      window: (2, 2), stride: (2, 2)),
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
  private struct Passes {
    var y: [Float]
    var dx: [Float]
    var dWeights: [Float]
    var dBias: [Float]
  }

  private static func run(
    _ test: PooledCase, algorithm: ConvolutionAlgorithm, threads: Int,
    function: ElementwiseFunction = .identity, wantsImages: Bool = true,
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
          function: function, parameter: 0, y: &passes.y, indices: &indices, scratch: $0,
          team: team)
      }
    }
    prepared(.backwardData) { prepared in
      withScratch(layer.backwardScratchCount(maximumBatch: batch, threadCount: threads)) {
        scratch in
        passes.dx.withUnsafeMutableBufferPointer { dx in
          layer.backward(
            batch: batch, x: x, dy: dy, indices: indices, weights: weights, prepared: prepared,
            dx: wantsImages ? dx.baseAddress : nil, addsToImages: false,
            dWeights: &passes.dWeights, dBias: &passes.dBias, scratch: scratch, team: team)
        }
      }
    }
    return passes
  }

  private static func algorithms(_ test: PooledCase) -> [ConvolutionAlgorithm] {
    ConvolutionAlgorithm.allCases.filter { $0.supports(test.convolution.geometry) }
  }

  /// A convolution and a pooling by their definitions, and relu if it `rectifies`: y, dx, dWeights and
  /// dBias.
  private static func reference(
    _ test: PooledCase, rectifies: Bool = false, _ make: (Int, UInt64) -> [Float]
  ) -> [[Double]] {
    let (g, batch) = (test.convolution.geometry, test.convolution.batch)
    let (x, weights) = (make(batch * g.inputCount, 1), make(g.weightCount, 2))
    let (bias, dy) = (make(g.outputChannels, 3), make(batch * test.pooling.outputCount, 4))
    let z = ReferenceConvolution.forward(g, batch: batch, x: x, weights: weights, bias: bias)
      .map { Float($0) }
    let maxima = ReferencePooling.maxima(ReferencePooling.windows(test.pooling, batch: batch), x: z)
    var dz = [Float](repeating: 0, count: z.count)
    for (index, maximum) in maxima.enumerated() where !rectifies || z[maximum.source] > 0 {
      dz[maximum.source] += dy[index]
    }
    let y = maxima.map { Double(z[$0.source]) }
    return [
      rectifies ? y.map { max(0, $0) } : y,
      ReferenceConvolution.backwardData(g, batch: batch, dz: dz, weights: weights),
      ReferenceConvolution.backwardWeights(g, batch: batch, x: x, dz: dz),
      referenceColumnSums(dz, columns: g.outputChannels),
    ]
  }

  @Test(arguments: PooledCase.all)
  func isBothInOne(_ test: PooledCase) {
    let expected = Self.reference(test, TestArrays.integers)
    // Ties of sums with fractions may fall either way.
    for algorithm in Self.algorithms(test) where !algorithm.divides {
      let passes = Self.run(test, algorithm: algorithm, threads: 2, TestArrays.integers)
      expectClose(passes.y, expected[0], relative: 0, "\(algorithm)")
      expectClose(passes.dx, expected[1], relative: 0, "dx by \(algorithm)")
      expectClose(passes.dWeights, expected[2], relative: 0, "dWeights by \(algorithm)")
      expectClose(passes.dBias, expected[3], relative: 0, "dBias by \(algorithm)")
    }
  }

  @Test(arguments: PooledCase.all)
  func functionsAreApplied(_ test: PooledCase) {
    let expected = Self.reference(test, TestArrays.integers)[0]
    for algorithm in Self.algorithms(test) where !algorithm.divides {
      let relu = Self.run(
        test, algorithm: algorithm, threads: 1, function: .relu, TestArrays.integers)
      expectClose(relu.y, expected.map { max(0, $0) }, relative: 0, "\(algorithm)")
      let tanh = Self.run(
        test, algorithm: algorithm, threads: 1, function: .tanh, TestArrays.integers)
      expectClose(tanh.y, expected.map { Foundation.tanh($0) }, absolute: 1e-6, "\(algorithm)")
    }
  }

  /// What relu cuts off has no gradient, though dy says one: the places of the maxima tell.
  @Test(arguments: PooledCase.all)
  func reluIsInThePlaces(_ test: PooledCase) {
    let expected = Self.reference(test, rectifies: true, TestArrays.integers)
    #expect(PooledConvolution.notesDerivative(of: .relu))
    #expect(expected[0].contains(0) && expected[0].contains { $0 > 0 })
    for algorithm in Self.algorithms(test) where !algorithm.divides {
      for wantsImages in [true, false] {
        let passes = Self.run(
          test, algorithm: algorithm, threads: 2, function: .relu, wantsImages: wantsImages,
          TestArrays.integers)
        expectClose(passes.y, expected[0], relative: 0, "\(algorithm)")
        if wantsImages { expectClose(passes.dx, expected[1], relative: 0, "dx by \(algorithm)") }
        expectClose(passes.dWeights, expected[2], relative: 0, "dWeights by \(algorithm)")
        expectClose(passes.dBias, expected[3], relative: 0, "dBias by \(algorithm)")
      }
    }
  }

  /// As in a first layer: nobody wants the gradient of its images.
  @Test(arguments: PooledCase.all)
  func gradientOfImagesIsOptional(_ test: PooledCase) {
    let expected = Self.reference(test, TestArrays.integers)
    for algorithm in Self.algorithms(test) where !algorithm.divides {
      let passes = Self.run(
        test, algorithm: algorithm, threads: 2, wantsImages: false, TestArrays.integers)
      let isUntouched = passes.dx.allSatisfy { $0.isNaN }
      #expect(isUntouched)
      expectClose(passes.dWeights, expected[2], relative: 0, "dWeights by \(algorithm)")
      expectClose(passes.dBias, expected[3], relative: 0, "dBias by \(algorithm)")
    }
  }

  @Test(arguments: PooledCase.all)
  func threadsDoNotChangeBits(_ test: PooledCase) {
    for algorithm in Self.algorithms(test) {
      for wantsImages in [true, false] {
        func bits(threads: Int) -> [[UInt32]] {
          let passes = Self.run(
            test, algorithm: algorithm, threads: threads, wantsImages: wantsImages,
            TestArrays.uniform)
          return [passes.y, passes.dx, passes.dWeights, passes.dBias].map {
            $0.map(\.bitPattern)
          }
        }
        let one = bits(threads: 1)
        for threads in [2, 3, 7] {
          let agree = bits(threads: threads) == one
          #expect(agree, "\(threads) threads, \(algorithm)")
        }
      }
    }
  }

  /// All algorithms agree on fractions, where there are no ties.
  @Test(arguments: PooledCase.all)
  func algorithmsAgree(_ test: PooledCase) {
    for function in [ElementwiseFunction.identity, .relu] {
      let direct = Self.run(
        test, algorithm: .direct, threads: 1, function: function, TestArrays.uniform)
      for algorithm in Self.algorithms(test) {
        let passes = Self.run(
          test, algorithm: algorithm, threads: 1, function: function, TestArrays.uniform)
        func compare(_ found: [Float], _ other: [Float], _ what: String) {
          let expected = other.map { Double($0) }
          expectClose(
            found, expected, absolute: max(1e-5, algorithm.transformRounding) * largest(expected),
            "\(what) by \(algorithm), \(function)")
        }
        compare(passes.y, direct.y, "y")
        compare(passes.dx, direct.dx, "dx")
        compare(passes.dWeights, direct.dWeights, "dWeights")
        compare(passes.dBias, direct.dBias, "dBias")
      }
    }
  }
}
