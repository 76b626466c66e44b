import Foundation
import Kernels
import TestSupport
import Testing
import Threads

/// Sums over long rows in parts.
@Suite struct DeepDenseTests {
  private static let shapes = [(512, 1), (515, 10), (1031, 17), (2304, 128), (600, 127)]

  private static func run(
    rows: Int, inputs: Int, outputs: Int, threads: Int = 1,
    function: ElementwiseFunction = .identity, _ make: (Int, UInt64) -> [Float]
  ) throws -> [Float] {
    let layer = try #require(DeepDense(inputSize: inputs, outputSize: outputs))
    let (x, weights) = (make(rows * inputs, 1), make(inputs * outputs, 2))
    let bias = make(outputs, 3)
    var y = [Float](repeating: .nan, count: rows * outputs)
    let team = WorkerTeam(threadCount: threads)
    withScratch(layer.preparedCount) { prepared in
      withScratch(layer.scratchCount(maximumRows: rows)) { scratch in
        layer.prepare(weights, into: prepared, team: team)
        layer.forward(
          rows: rows, x: x, prepared: prepared, bias: bias, function: function, parameter: 0,
          y: &y, scratch: scratch, team: team)
      }
    }
    return y
  }

  private static func expected(
    rows: Int, inputs: Int, outputs: Int, _ make: (Int, UInt64) -> [Float]
  ) -> [Double] {
    let bias = make(outputs, 3)
    return referenceProduct(
      m: rows, n: outputs, k: inputs, a: make(rows * inputs, 1), b: make(inputs * outputs, 2)
    ).enumerated().map { $1 + Double(bias[$0 % outputs]) }
  }

  @Test(arguments: shapes, [1, 33, 130, 300])
  func integersAreExact(_ shape: (inputs: Int, outputs: Int), rows: Int) throws {
    let y = try Self.run(
      rows: rows, inputs: shape.inputs, outputs: shape.outputs, TestArrays.integers)
    let expected = Self.expected(
      rows: rows, inputs: shape.inputs, outputs: shape.outputs, TestArrays.integers)
    expectClose(y, expected, relative: 0, "y")
  }

  @Test(arguments: shapes)
  func functionsAreApplied(_ shape: (inputs: Int, outputs: Int)) throws {
    for function in [ElementwiseFunction.relu, .sigmoid] {
      let y = try Self.run(
        rows: 37, inputs: shape.inputs, outputs: shape.outputs, function: function,
        TestArrays.uniform)
      let expected = Self.expected(
        rows: 37, inputs: shape.inputs, outputs: shape.outputs, TestArrays.uniform
      ).map { function == .relu ? max(0, $0) : 1 / (1 + exp(-$0)) }
      expectClose(y, expected, relative: 1e-5, absolute: 1e-4, "\(function)")
    }
  }

  /// A row's bits depend neither on the threads nor on how many rows there are.
  @Test(arguments: shapes)
  func bitsAreThoseOfTheRow(_ shape: (inputs: Int, outputs: Int)) throws {
    let (inputs, outputs) = shape
    let all = try Self.run(rows: 201, inputs: inputs, outputs: outputs, TestArrays.uniform)
    for threads in [2, 3, 7] {
      let other = try Self.run(
        rows: 201, inputs: inputs, outputs: outputs, threads: threads, TestArrays.uniform)
      let agree = other == all
      #expect(agree, "\(threads) threads")
    }
    // The first rows of the same arrays.
    let first = try Self.run(rows: 5, inputs: inputs, outputs: outputs) { count, seed in
      let whole = seed == 1 ? 201 * inputs : count
      return Array(TestArrays.uniform(whole, seed: seed).prefix(count))
    }
    let agree = first == Array(all.prefix(5 * outputs))
    #expect(agree)
  }

  @Test func shortRowsAndWideResultsAreNotCut() {
    #expect(DeepDense(inputSize: 511, outputSize: 10) == nil)
    #expect(DeepDense(inputSize: 4096, outputSize: 129) == nil)
  }
}

@Suite struct DenseTests {
  private static func arrays(
    _ test: DenseCase, _ make: (Int, UInt64) -> [Float]
  ) -> (x: [Float], weights: [Float], bias: [Float], dz: [Float]) {
    (
      make(test.rows * test.inputs, 1), make(test.inputs * test.outputs, 2),
      make(test.outputs, 3), make(test.rows * test.outputs, 4)
    )
  }

  private static func run(
    _ test: DenseCase, threads: Int = 1, initial: Float? = nil,
    function: ElementwiseFunction = .identity, _ make: (Int, UInt64) -> [Float]
  ) -> DensePasses {
    let (x, weights, bias, dz) = arrays(test, make)
    return DensePasses(
      test, x: x, weights: weights, bias: bias, dz: dz, threads: threads, initial: initial,
      function: function)
  }

  private static func reference(
    _ test: DenseCase, _ make: (Int, UInt64) -> [Float]
  ) -> (y: [Double], dx: [Double], dWeights: [Double], dBias: [Double]) {
    let (x, weights, bias, dz) = arrays(test, make)
    let product = referenceProduct(
      m: test.rows, n: test.outputs, k: test.inputs, a: x, b: weights)
    return (
      product.enumerated().map { $1 + Double(bias[$0 % test.outputs]) },
      referenceProduct(
        m: test.rows, n: test.inputs, k: test.outputs, a: dz, b: weights, transposeB: true),
      referenceProduct(
        m: test.inputs, n: test.outputs, k: test.rows, a: x, transposeA: true, b: dz),
      referenceColumnSums(dz, columns: test.outputs)
    )
  }

  @Test(arguments: DenseCase.all)
  func integersAreExact(_ test: DenseCase) {
    let expected = Self.reference(test, TestArrays.integers)
    for initial in [nil, Float(3)] {
      let passes = Self.run(test, initial: initial, TestArrays.integers)
      let offset = Double(initial ?? 0)
      expectClose(passes.y, expected.y, relative: 0, "y")
      expectClose(passes.dx, expected.dx.map { $0 + offset }, relative: 0, "dx")
      expectClose(passes.dWeights, expected.dWeights.map { $0 + offset }, relative: 0, "dWeights")
      expectClose(passes.dBias, expected.dBias.map { $0 + offset }, relative: 0, "dBias")
    }
  }

  @Test(arguments: DenseCase.all)
  func fractionsAreClose(_ test: DenseCase) {
    let expected = Self.reference(test, TestArrays.uniform)
    let y = expected.y.map { 1 / (1 + exp(-$0)) }
    let passes = Self.run(test, function: .sigmoid, TestArrays.uniform)
    expectClose(passes.y, y, absolute: 1e-5, "y")
    expectClose(passes.dx, expected.dx, absolute: 1e-6 * largest(expected.dx), "dx")
    expectClose(
      passes.dWeights, expected.dWeights, absolute: 1e-6 * largest(expected.dWeights), "dWeights")
    expectClose(passes.dBias, expected.dBias, absolute: 1e-6 * largest(expected.dBias), "dBias")
  }

  @Test(arguments: DenseCase.all)
  func threadsDoNotChangeBits(_ test: DenseCase) {
    let one = Self.run(test, TestArrays.uniform)
    for threads in [2, 3, 7] {
      let agree = Self.run(test, threads: threads, TestArrays.uniform) == one
      #expect(agree, "\(threads) threads")
    }
  }
}
