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
    DenseCase(rows: 45, inputs: 320, outputs: 67),
  ]

  /// Numbers of which `zeros` of 10 are zero.
  private static func numbers(_ count: Int, seed: UInt64, zeros: Int) -> [Float] {
    let values = TestArrays.uniform(count, seed: seed)
    let chances = TestArrays.uniform(count, seed: seed + 100)
    return zip(values, chances).map { $1 < Float(zeros) / 5 - 1 ? 0 : $0 + 2 }
  }

  /// How many of ten elements are zero.
  struct Zeros: Sendable, CustomTestStringConvertible {
    var x: Int
    var dz: Int

    var testDescription: String { "zeros in x: \(x)/10, in dz: \(dz)/10" }
  }

  private static func passes(
    _ test: DenseCase, zeros: Zeros, threads: Int = 1, initial: Float? = nil,
    function: ElementwiseFunction = .identity
  ) -> DensePasses {
    DensePasses(
      test, x: numbers(test.rows * test.inputs, seed: 1, zeros: zeros.x),
      weights: TestArrays.uniform(test.inputs * test.outputs, seed: 2),
      bias: TestArrays.uniform(test.outputs, seed: 3),
      dz: numbers(test.rows * test.outputs, seed: 4, zeros: zeros.dz), threads: threads,
      initial: initial, function: function)
  }

  @Test(arguments: cases, [Zeros(x: 5, dz: 8), Zeros(x: 2, dz: 6), Zeros(x: 10, dz: 10)])
  func sumsAreThoseOfAllTerms(_ test: DenseCase, zeros: Zeros) {
    let x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: zeros.x)
    let dz = Self.numbers(test.rows * test.outputs, seed: 4, zeros: zeros.dz)
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

  @Test(arguments: cases, [Zeros(x: 6, dz: 6), Zeros(x: 0, dz: 6)])
  func threadsDoNotChangeBits(_ test: DenseCase, zeros: Zeros) {
    let one = Self.passes(test, zeros: zeros, function: .tanh)
    for threads in [2, 3, 7] {
      let agree = Self.passes(test, zeros: zeros, threads: threads, function: .tanh) == one
      #expect(agree, "\(threads) threads")
    }
  }

  /// Rows of y and dx have the bits that they have among rows without zeros; so have the places of dW
  /// beside places without zeros.
  @Test(arguments: cases)
  func bitsAreThoseOfTheDenseProduct(_ test: DenseCase) {
    // So small that tanh is not one everywhere.
    let weights = TestArrays.uniform(test.inputs * test.outputs, seed: 2).map { $0 / 50 }
    let bias = TestArrays.uniform(test.outputs, seed: 3)
    let x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: 6)
    let dz = Self.numbers(test.rows * test.outputs, seed: 4, zeros: 6)
    let addend = TestArrays.uniform(8 * dz.count, seed: 9)
    let tall = DenseCase(rows: 8 * test.rows, inputs: test.inputs, outputs: test.outputs)
    for function in [ElementwiseFunction.identity, .relu, .tanh] {
      let sparse = DensePasses(
        test, x: x, weights: weights, bias: bias, dz: dz, addend: Array(addend.prefix(dz.count)),
        initial: 1, function: function, maximumRows: tall.rows)
      let among = DensePasses(
        tall, x: x + Self.numbers(7 * x.count, seed: 5, zeros: 0), weights: weights, bias: bias,
        dz: dz + Self.numbers(7 * dz.count, seed: 6, zeros: 0), addend: addend, initial: 1,
        function: function)
      let rowsAgree = among.y.starts(with: sparse.y) && among.dx.starts(with: sparse.dx)
      #expect(rowsAgree, "\(function)")
    }

    // Rows that are longer: with places without zeros behind those of x, and columns behind those of dz.
    let long = DenseCase(rows: test.rows, inputs: 8 * test.inputs, outputs: 8 * test.outputs)
    let longX = Self.lengthened(x, rows: test.rows)
    let longDZ = Self.lengthened(dz, rows: test.rows)
    func gradients(_ test: DenseCase, x: [Float], dz: [Float]) -> DensePasses {
      DensePasses(
        test, x: x, weights: TestArrays.uniform(test.inputs * test.outputs, seed: 8),
        bias: Array(repeating: 0, count: test.outputs), dz: dz, initial: 1)
    }
    let dense = gradients(long, x: longX, dz: longDZ)
    let bySparseX = gradients(
      DenseCase(rows: test.rows, inputs: test.inputs, outputs: long.outputs), x: x, dz: longDZ)
    #expect(dense.dWeights.starts(with: bySparseX.dWeights))
    let bySparseGradients = gradients(
      DenseCase(rows: test.rows, inputs: long.inputs, outputs: test.outputs), x: longX, dz: dz)
    let columns = (0..<long.inputs).flatMap { place in
      dense.dWeights[place * long.outputs..<place * long.outputs + test.outputs]
    }
    let agree = columns == bySparseGradients.dWeights
    #expect(agree)
    // Of the same width: sums of a last few columns have an order of their own.
    #expect(dense.dBias == bySparseX.dBias)
  }

  /// Each row with seven times as many numbers behind it, none of them zero.
  private static func lengthened(_ values: [Float], rows: Int) -> [Float] {
    let length = values.count / rows
    let filling = numbers(7 * length, seed: 7, zeros: 0)
    return (0..<rows).flatMap { values[$0 * length..<($0 + 1) * length] + filling }
  }

  /// Infinite factors of zeros tell that their terms are left out, and only where there are many zeros.
  @Test func termsOfZerosAreLeftOut() {
    let test = DenseCase(rows: 64, inputs: 256, outputs: 192)
    func passes(zeros: Int) -> DensePasses {
      var x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: zeros)
      var dz = Self.numbers(test.rows * test.outputs, seed: 4, zeros: zeros)
      var weights = TestArrays.uniform(test.inputs * test.outputs, seed: 2)
      // An input that is always zero has an infinite weight, to a result whose gradient is.
      for row in 0..<test.rows { x[row * test.inputs + 17] = 0 }
      for row in 0..<test.rows { dz[row * test.outputs + 5] = 0 }
      weights[17 * test.outputs + 5] = .infinity
      return DensePasses(
        test, x: x, weights: weights, bias: Array(repeating: 0, count: test.outputs), dz: dz)
    }
    let (few, many) = (passes(zeros: 2), passes(zeros: 5))
    #expect(few.y.contains { $0.isNaN } && few.dx.contains { $0.isNaN })
    #expect(!many.y.contains { !$0.isFinite } && !many.dx.contains { !$0.isFinite })

    // All inputs of a row are zero whose gradient is infinite somewhere, or all gradients whose input is.
    func gradient(
      _ test: DenseCase = test, zeros: Zeros, infinite: WritableKeyPath<Gradients, Float>
    ) -> [Float] {
      var arrays = Gradients(
        x: Self.numbers(test.rows * test.inputs, seed: 1, zeros: zeros.x),
        dz: Self.numbers(test.rows * test.outputs, seed: 4, zeros: zeros.dz), test: test)
      arrays[keyPath: infinite] = .infinity
      return DensePasses(
        test, x: arrays.x, weights: Array(repeating: 0, count: test.inputs * test.outputs),
        bias: Array(repeating: 0, count: test.outputs), dz: arrays.dz
      ).dWeights
    }
    func isFinite(_ values: [Float]) -> Bool { !values.contains { !$0.isFinite } }
    #expect(!isFinite(gradient(zeros: Zeros(x: 2, dz: 2), infinite: \.gradientOfZeros)))
    #expect(isFinite(gradient(zeros: Zeros(x: 6, dz: 2), infinite: \.gradientOfZeros)))
    #expect(!isFinite(gradient(zeros: Zeros(x: 2, dz: 2), infinite: \.inputOfZeros)))
    #expect(isFinite(gradient(zeros: Zeros(x: 2, dz: 6), infinite: \.inputOfZeros)))
    // So many rows are cut into parts, which have sums of their own: all terms count.
    let cut = DenseCase(rows: 1024, inputs: 256, outputs: 192)
    #expect(!isFinite(gradient(cut, zeros: Zeros(x: 6, dz: 6), infinite: \.gradientOfZeros)))
  }

  /// Rows of which one has only zeros in x and one in dz.
  private struct Gradients {
    var x: [Float]
    var dz: [Float]
    let test: DenseCase

    /// A gradient in the row whose inputs are zero.
    var gradientOfZeros: Float {
      get { dz[30 * test.outputs + 5] }
      set {
        for input in 0..<test.inputs { x[30 * test.inputs + input] = 0 }
        dz[30 * test.outputs + 5] = newValue
      }
    }

    /// An input in the row whose gradients are zero.
    var inputOfZeros: Float {
      get { x[30 * test.inputs + 5] }
      set {
        for output in 0..<test.outputs { dz[30 * test.outputs + output] = 0 }
        x[30 * test.inputs + 5] = newValue
      }
    }
  }

  /// A convolution of 1×1 is the product of its pixels.
  @Test func convolutionsOfOnePixelAreProducts() {
    let geometry = ConvolutionCase(2, 6, 7, 70, 130, kernel: (1, 1)).geometry
    let test = DenseCase(rows: 2 * 6 * 7, inputs: 70, outputs: 130)
    let x = Self.numbers(test.rows * test.inputs, seed: 1, zeros: 6)
    let weights = TestArrays.uniform(test.inputs * test.outputs, seed: 2)
    let bias = TestArrays.uniform(test.outputs, seed: 3)
    var y = [Float](repeating: .nan, count: test.rows * test.outputs)
    let team = WorkerTeam(threadCount: 2)
    withScratch(Convolution.preparedCount(geometry, pass: .forward)) { prepared in
      Convolution.prepare(geometry, pass: .forward, weights: weights, into: prepared, team: team)
      withScratch(
        Convolution.scratchCount(geometry, maximumBatch: 2, pass: .forward, threadCount: 2)
      ) {
        Convolution.forward(
          geometry, batch: 2, x: x, weights: weights, prepared: prepared, bias: bias,
          function: .relu, parameter: 0, y: &y, scratch: $0, team: team)
      }
    }
    let product = DensePasses(
      test, x: x, weights: weights, bias: bias, dz: Array(repeating: 1, count: y.count),
      function: .relu)
    #expect(y == product.y)
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
