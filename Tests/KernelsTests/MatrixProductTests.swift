import Kernels
import TestSupport
import Testing
import Threads

@Suite struct MatrixProductTests {
  @Test(arguments: [
    (1, 1, 1, 1), (1, 3, 5, 7), (4, 2, 3, 1), (3, 1, 9, 17), (3, 9, 1, 17), (70, 5, 6, 4),
    (2, 300, 40, 65), (1, 65, 700, 33), (8, 64, 64, 16),
  ])
  func allTranspositions(_ batch: Int, _ m: Int, _ n: Int, _ k: Int) {
    let a = TestArrays.integers(batch * m * k, seed: 1)
    let b = TestArrays.integers(batch * k * n, seed: 2)
    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
      var expected: [Double] = []
      for matrix in 0..<batch {
        expected += referenceProduct(
          m: m, n: n, k: k, a: Array(a[matrix * m * k..<(matrix + 1) * m * k]),
          transposeA: transposeA, b: Array(b[matrix * k * n..<(matrix + 1) * k * n]),
          transposeB: transposeB)
      }
      for threads in [1, 2, 3, 7] {
        let team = WorkerTeam(threadCount: threads)
        var c = [Float](repeating: .nan, count: batch * m * n)
        MatrixProduct.multiply(
          batch: batch, m: m, n: n, k: k, a: a, transposeA: transposeA, b: b,
          transposeB: transposeB, c: &c, alpha: 2, team: team)
        expectClose(c, expected.map { 2 * $0 }, relative: 0)
        MatrixProduct.multiply(
          batch: batch, m: m, n: n, k: k, a: a, transposeA: transposeA, b: b,
          transposeB: transposeB, c: &c, accumulate: true, team: team)
        expectClose(c, expected.map { 3 * $0 }, relative: 0, "accumulated")
      }
    }
  }

  /// ⟨dy, a · b⟩ = ⟨da, a⟩ = ⟨db, b⟩, exactly on integers.
  @Test(arguments: [(1, 3, 5, 7), (5, 33, 2, 17)])
  func gradientsAreAdjoint(_ batch: Int, _ m: Int, _ n: Int, _ k: Int) {
    let team = WorkerTeam(threadCount: 2)
    let a = TestArrays.integers(batch * m * k, seed: 1)
    let b = TestArrays.integers(batch * k * n, seed: 2)
    let dy = TestArrays.integers(batch * m * n, seed: 5)
    var y = [Float](repeating: .nan, count: dy.count)
    var da = [Float](repeating: .nan, count: a.count)
    var db = [Float](repeating: .nan, count: b.count)
    MatrixProduct.forward(batch: batch, m: m, n: n, k: k, a: a, b: b, y: &y, team: team)
    MatrixProduct.backwardLeft(
      batch: batch, m: m, n: n, k: k, dy: dy, b: b, da: &da, accumulate: false, team: team)
    MatrixProduct.backwardRight(
      batch: batch, m: m, n: n, k: k, a: a, dy: dy, db: &db, accumulate: false, team: team)
    func inner(_ u: [Float], _ v: [Float]) -> Double {
      zip(u, v).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    #expect(inner(dy, y) == inner(da, a))
    #expect(inner(dy, y) == inner(db, b))
    #expect(inner(dy, y) != 0)
  }

  @Test func emptyReductionGivesZero() {
    var c: [Float] = [1, 2, 3, 4, 5, 6]
    GEMM.multiply(m: 2, n: 3, k: 0, a: [0], lda: 0, b: [0], ldb: 3, c: &c, ldc: 3)
    #expect(c == [0, 0, 0, 0, 0, 0])
  }

  /// What c held, even a NaN, must not matter, nor may what lies between its rows be touched.
  @Test(arguments: [(1, 3), (3, 1), (2, 2)])
  func writesOnlyItsPart(_ m: Int, _ n: Int) {
    var c = [Float](repeating: .nan, count: m * 5)
    let ones = [Float](repeating: 1, count: 16)
    GEMM.multiply(m: m, n: n, k: 4, a: ones, lda: 4, b: ones, ldb: n, c: &c, ldc: 5)
    for (index, value) in c.enumerated() {
      if index % 5 < n { #expect(value == 4) } else { #expect(value.isNaN) }
    }
  }

  /// One row or column takes another routine: with vectors that are columns of wider matrices.
  @Test(arguments: [(1, 4), (4, 1), (1, 1)])
  func stridedVectors(_ m: Int, _ n: Int) {
    let (k, wide) = (6, 9)
    let a = TestArrays.integers(wide * wide, seed: 1)
    let b = TestArrays.integers(wide * wide, seed: 2)
    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
      var c = [Float](repeating: 7, count: m * wide)
      GEMM.multiply(
        m: m, n: n, k: k, a: a, lda: wide, transposeA: transposeA, b: b, ldb: wide,
        transposeB: transposeB, c: &c, ldc: wide, alpha: 2, beta: 3)
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(Float(0)) {
            $0 + a[transposeA ? $1 * wide + i : i * wide + $1]
              * b[transposeB ? j * wide + $1 : $1 * wide + j]
          }
          #expect(c[i * wide + j] == 2 * sum + 21)
        }
      }
    }
  }
}
