import Kernels
import TestSupport
import Testing
import Threads

private struct Shapes: Sendable, CustomTestStringConvertible {
  let left: [Int]
  let right: [Int]
  var output: [Int] { BroadcastGeometry.outputShape(left: left, right: right)! }
  var geometry: BroadcastGeometry {
    BroadcastGeometry(left: left, right: right, output: output)
  }
  var testDescription: String { "\(left) \(right)" }

  init(_ left: [Int], _ right: [Int]) {
    self.left = left
    self.right = right
  }
}

private let shapes: [Shapes] = [
  Shapes([], []), Shapes([1], []), Shapes([7], [7]), Shapes([1000], []), Shapes([], [65]),
  Shapes([3, 1], [1, 5]), Shapes([17, 3], [3]), Shapes([3], [17, 3]), Shapes([33, 100], [100]),
  Shapes([33, 100], [33, 1]), Shapes([700, 3], [700, 1]), Shapes([2, 3, 4, 5], [3, 1, 5]),
  Shapes([2, 1, 4, 1, 3], [5, 1, 2, 3]), Shapes([4, 70, 1], [4, 1, 90]),
  Shapes([1, 2, 1, 3, 1, 2, 1, 3], [2, 1, 3, 1, 2, 1, 3, 1]), Shapes([16, 33, 65], [33, 65]),
  Shapes([16, 33, 65], [1, 65]), Shapes([1, 1, 1], [20_000]), Shapes([150, 130], [150, 130]),
]

@Suite struct BroadcastTests {
  private func operands(_ s: Shapes) -> (x: [Float], y: [Float]) {
    // Away from zero, for division; some equal, for maximum.
    let x = testValues(s.left.reduce(1, *)).map { ($0 * 4).rounded() + 5.5 }
    let y = testValues(s.right.reduce(1, *), seed: 2).map { ($0 * 4).rounded() + 5.5 }
    return (x, y)
  }

  @Test(arguments: shapes)
  fileprivate func outputsAreNumPys(s: Shapes) {
    let (x, y) = operands(s)
    let l = ReferenceKernels.operandIndices(s.left, output: s.output)
    let r = ReferenceKernels.operandIndices(s.right, output: s.output)
    #expect(s.geometry.outputCount == l.count)
    #expect(s.geometry.leftCount == x.count)
    #expect(s.geometry.rightCount == y.count)
    for operation in BinaryOperation.allCases {
      var z = [Float](repeating: .nan, count: l.count)
      Elementwise.binary(
        operation, s.geometry, x: x, y: y, z: &z, team: WorkerTeam(threadCount: 2))
      let expected = l.indices.map {
        ReferenceKernels.value(operation, Double(x[l[$0]]), Double(y[r[$0]]))
      }
      expectClose(z, expected, relative: 1e-7, "\(operation)")
    }
  }

  @Test(arguments: shapes)
  fileprivate func gradientsAreSummedOverRepetition(s: Shapes) {
    let (x, y) = operands(s)
    let l = ReferenceKernels.operandIndices(s.left, output: s.output)
    let r = ReferenceKernels.operandIndices(s.right, output: s.output)
    let dz = testValues(l.count, seed: 3)
    for operation in BinaryOperation.allCases {
      for operand in [BinaryOperand.left, .right] {
        var expected = [Double](repeating: 0, count: operand == .left ? x.count : y.count)
        for i in l.indices {
          let (a, b) = (Double(x[l[i]]), Double(y[r[i]]))
          let slope = ReferenceKernels.derivative(at: operand == .left ? a : b) {
            operand == .left
              ? ReferenceKernels.value(operation, $0, b)
              : ReferenceKernels.value(operation, a, $0)
          }
          expected[operand == .left ? l[i] : r[i]] += slope * Double(dz[i])
        }
        let count = Elementwise.binaryBackwardScratchCount(of: operand, s.geometry)
        var first: [Float] = []
        for threads in threadCounts {
          var scratch = [Float](repeating: .nan, count: count)
          var gradient = [Float](repeating: .nan, count: expected.count)
          Elementwise.binaryBackward(
            operation, of: operand, s.geometry, x: x, y: y, dz: dz, gradient: &gradient,
            accumulate: false, scratch: &scratch, team: WorkerTeam(threadCount: threads))
          if threads == 1 { first = gradient }
          #expect(gradient == first)
        }
        let size = Double(l.count) / Double(expected.count)
        expectClose(
          first, expected, relative: 1e-5, absolute: 2e-6 * size.squareRoot(),
          "\(operation) \(operand)")
        var sum = testValues(expected.count, seed: 4)
        let before = sum
        var scratch = [Float](repeating: .nan, count: count)
        Elementwise.binaryBackward(
          operation, of: operand, s.geometry, x: x, y: y, dz: dz, gradient: &sum,
          accumulate: true, scratch: &scratch, team: WorkerTeam(threadCount: 2))
        expectClose(
          sum, zip(before, first).map { Double($0) + Double($1) }, relative: 1e-5,
          absolute: 2e-6 * size.squareRoot(), "\(operation) \(operand), added")
      }
    }
  }

  @Test func gradientsReplaceTheUpstreamOne() {
    let s = Shapes([300, 70], [300, 70])
    let (x, y) = operands(s)
    for operation in BinaryOperation.allCases {
      let dz = testValues(21_000, seed: 3)
      var separate = dz
      Elementwise.binaryBackward(
        operation, of: .right, s.geometry, x: x, y: y, dz: dz, gradient: &separate,
        accumulate: false, scratch: nil, team: WorkerTeam(threadCount: 2))
      var same = dz
      same.withUnsafeMutableBufferPointer {
        Elementwise.binaryBackward(
          operation, of: .right, s.geometry, x: x, y: y, dz: $0.baseAddress!,
          gradient: $0.baseAddress!, accumulate: false, scratch: nil,
          team: WorkerTeam(threadCount: 2))
      }
      #expect(same == separate)
    }
  }

  @Test func aSmallerBatchIsAPrefix() {
    for s in [
      Shapes([9, 40], [40]), Shapes([9, 3, 5], [9, 1, 5]), Shapes([9, 30], [9, 30]),
      Shapes([9, 70, 2], [70, 1]), Shapes([9], []),
    ] {
      let (x, y) = operands(s)
      var whole = [Float](repeating: .nan, count: s.geometry.outputCount)
      Elementwise.binary(
        .divide, s.geometry, x: x, y: y, z: &whole, team: WorkerTeam(threadCount: 1))
      for leading in [0, 1, 4, 9] {
        let g = s.geometry.with(leading: leading)
        #expect(g.outputCount == whole.count / 9 * leading)
        var z = [Float](repeating: -1, count: whole.count)
        Elementwise.binary(.divide, g, x: x, y: y, z: &z, team: WorkerTeam(threadCount: 1))
        #expect(z[..<g.outputCount] == whole[..<g.outputCount])
        #expect(z[g.outputCount...].allSatisfy { $0 == -1 })
      }
    }
  }

  @Test func nanIsPassedOn() {
    let x: [Float] = [.nan, 1, .nan]
    let y: [Float] = [1, .nan, .nan]
    for operation in BinaryOperation.allCases {
      var z: [Float] = [0, 0, 0]
      let g = BroadcastGeometry(left: [3], right: [3], output: [3])
      Elementwise.binary(operation, g, x: x, y: y, z: &z, team: WorkerTeam(threadCount: 1))
      #expect(z.filter(\.isNaN).count == 3)
    }
  }

  @Test func shapesThatDoNotFitHaveNoOutput() {
    #expect(BroadcastGeometry.outputShape(left: [2, 3], right: [2]) == nil)
    #expect(BroadcastGeometry.outputShape(left: [2, 3], right: [2, 1]) == [2, 3])
    #expect(BroadcastGeometry.outputShape(left: [0, 3], right: [1, 3]) == [0, 3])
  }
}
