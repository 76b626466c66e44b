import Kernels
import TestSupport
import Testing
import Threads

/// Products of rows with many zeros, which leave out the terms that are zero.
///
/// Which way a product goes depends on the zeros of all its rows, so the same rows go the other way
/// among rows without zeros; and an infinite weight tells which: a term of zero times infinity is NaN.
@Suite struct SparseProductTests {
  /// Widths of whole blocks of 64, an odd number of them, and with a rest; depths with and without one.
  private static let cases = [
    DenseCase(rows: 40, inputs: 64, outputs: 128), DenseCase(rows: 33, inputs: 200, outputs: 192),
    DenseCase(rows: 70, inputs: 129, outputs: 130), DenseCase(rows: 128, inputs: 300, outputs: 517),
    DenseCase(rows: 257, inputs: 140, outputs: 257),
    DenseCase(rows: 400, inputs: 256, outputs: 192),
  ]

  /// Numbers of which `zeros` of 10 are zero.
  private static func numbers(_ count: Int, seed: UInt64, zeros: Int) -> [Float] {
    let values = TestArrays.uniform(count, seed: seed)
    let chances = TestArrays.uniform(count, seed: seed + 100)
    return zip(values, chances).map { $1 < Float(zeros) / 5 - 1 ? 0 : $0 + 2 }
  }

  private static func passes(
    _ test: DenseCase, zeros: Int, threads: Int = 1, initial: Float? = nil,
    function: ElementwiseFunction = .identity
  ) -> DensePasses {
    DensePasses(
      test, x: numbers(test.rows * test.inputs, seed: 1, zeros: zeros),
      weights: TestArrays.uniform(test.inputs * test.outputs, seed: 2),
      bias: TestArrays.uniform(test.outputs, seed: 3),
      dz: numbers(test.rows * test.outputs, seed: 4, zeros: zeros), threads: threads,
      initial: initial, function: function)
  }

  @Test(arguments: cases, [5, 8, 10])
  func sumsAreThoseOfAllTerms(_ test: DenseCase, zeros: Int) {
    let x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: zeros)
    let dz = Self.numbers(test.rows * test.outputs, seed: 4, zeros: zeros)
    let weights = TestArrays.uniform(test.inputs * test.outputs, seed: 2)
    let bias = TestArrays.uniform(test.outputs, seed: 3)
    let y = referenceProduct(m: test.rows, n: test.outputs, k: test.inputs, a: x, b: weights)
      .enumerated().map { max(0, $1 + Double(bias[$0 % test.outputs])) }
    let dx = referenceProduct(
      m: test.rows, n: test.inputs, k: test.outputs, a: dz, b: weights, transposeB: true)
    let dWeights = referenceProduct(
      m: test.inputs, n: test.outputs, k: test.rows, a: x, transposeA: true, b: dz)
    for initial in [nil, Float(3)] {
      let passes = Self.passes(test, zeros: zeros, initial: initial, function: .relu)
      let offset = Double(initial ?? 0)
      func close(_ values: [Float], _ expected: [Double], _ name: String) {
        expectClose(values, expected, absolute: 2e-6 * (largest(expected) + 10), name)
      }
      close(passes.y, y, "y")
      close(passes.dx, dx.map { $0 + offset }, "dx")
      close(passes.dWeights, dWeights.map { $0 + offset }, "dWeights")
      close(
        passes.dBias, referenceColumnSums(dz, columns: test.outputs).map { $0 + offset }, "dBias")
    }
  }

  @Test(arguments: cases)
  func threadsDoNotChangeBits(_ test: DenseCase) {
    let one = Self.passes(test, zeros: 6, function: .tanh)
    for threads in [2, 3, 7] {
      let agree = Self.passes(test, zeros: 6, threads: threads, function: .tanh) == one
      #expect(agree, "\(threads) threads")
    }
  }

  /// Rows of y and dx have the bits that they have among rows without zeros; so have the places of dW
  /// beside places without zeros.
  @Test(arguments: cases)
  func bitsAreThoseOfTheDenseProduct(_ test: DenseCase) {
    let weights = TestArrays.uniform(test.inputs * test.outputs, seed: 2)
    let bias = TestArrays.uniform(test.outputs, seed: 3)
    let x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: 6)
    let dz = Self.numbers(test.rows * test.outputs, seed: 4, zeros: 6)
    let sparse = DensePasses(test, x: x, weights: weights, bias: bias, dz: dz, initial: 1)

    let tall = DenseCase(rows: 8 * test.rows, inputs: test.inputs, outputs: test.outputs)
    let among = DensePasses(
      tall, x: x + Self.numbers(7 * x.count, seed: 5, zeros: 0), weights: weights, bias: bias,
      dz: dz + Self.numbers(7 * dz.count, seed: 6, zeros: 0), initial: 1)
    let rowsAgree = among.y.starts(with: sparse.y) && among.dx.starts(with: sparse.dx)
    #expect(rowsAgree)

    // As many rows, each with places without zeros behind its own.
    let wide = DenseCase(rows: test.rows, inputs: 8 * test.inputs, outputs: test.outputs)
    let filling = Self.numbers(7 * test.inputs, seed: 7, zeros: 0)
    let wideX = (0..<test.rows).flatMap { row in
      x[row * test.inputs..<(row + 1) * test.inputs] + filling
    }
    let beside = DensePasses(
      wide, x: wideX, weights: TestArrays.uniform(8 * weights.count, seed: 8), bias: bias, dz: dz,
      initial: 1)
    let weightsAgree = beside.dWeights.starts(with: sparse.dWeights)
    #expect(weightsAgree)
    #expect(beside.dBias == sparse.dBias)
  }

  /// Infinite factors of zeros tell that their terms are left out, and only where there are many zeros.
  @Test func termsOfZerosAreLeftOut() {
    let test = DenseCase(rows: 64, inputs: 256, outputs: 192)
    func passes(zeros: Int) -> DensePasses {
      var x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: zeros)
      var dz = Self.numbers(test.rows * test.outputs, seed: 4, zeros: zeros)
      var weights = TestArrays.uniform(test.inputs * test.outputs, seed: 2)
      // An input that is always zero has an infinite weight, and so has a result whose gradient is; and
      // all inputs of a row are zero whose gradients are infinite.
      for row in 0..<test.rows { x[row * test.inputs + 17] = 0 }
      for row in 0..<test.rows { dz[row * test.outputs + 5] = 0 }
      weights[17 * test.outputs + 5] = .infinity
      return DensePasses(
        test, x: x, weights: weights, bias: Array(repeating: 0, count: test.outputs), dz: dz)
    }
    let (few, many) = (passes(zeros: 2), passes(zeros: 5))
    #expect(few.y.contains { $0.isNaN } && few.dx.contains { $0.isNaN })
    #expect(!many.y.contains { !$0.isFinite } && !many.dx.contains { !$0.isFinite })

    func gradient(zeros: Int) -> [Float] {
      var x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: zeros)
      var dz = Self.numbers(test.rows * test.outputs, seed: 4, zeros: 0)
      for input in 0..<test.inputs { x[30 * test.inputs + input] = 0 }
      dz[30 * test.outputs + 5] = .infinity
      return DensePasses(
        test, x: x, weights: Array(repeating: 0, count: test.inputs * test.outputs),
        bias: Array(repeating: 0, count: test.outputs), dz: dz
      ).dWeights
    }
    #expect(gradient(zeros: 2).contains { $0.isNaN })
    #expect(!gradient(zeros: 5).contains { !$0.isFinite })
  }

  /// NaN is not zero: it reaches the results of its row.
  @Test func notANumberIsKept() {
    let test = DenseCase(rows: 64, inputs: 256, outputs: 192)
    var x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: 6)
    x[33 * test.inputs + 200] = .nan
    let y = DensePasses(
      test, x: x, weights: TestArrays.uniform(test.inputs * test.outputs, seed: 2),
      bias: Array(repeating: 0, count: test.outputs),
      dz: Array(repeating: 1, count: test.rows * test.outputs)
    ).y
    let rows = (0..<test.rows).filter { y[$0 * test.outputs].isNaN }
    #expect(rows == [33])
  }
}
