internal import CKernels
internal import COpenBLAS

/// Products of matrices on the calling thread: the only door to CBLAS.
///
/// Who plans them asks first whether OpenBLAS can be used (``BLASLibrary/require(threadCount:)``).
package enum GEMM {
  /// c = alpha · op(a) · op(b) + beta · c, row-major.
  ///
  /// op(a) is m × k, op(b) is k × n, c is m × n; op transposes where asked. With a beta of zero, c
  /// is written without being read. Which routine does it depends on the shape alone.
  ///
  /// - Parameters:
  ///   - lda: Floats from one stored row of `a` to the next; `ldb` and `ldc` likewise.
  @inline(__always)
  package static func multiply(
    m: Int, n: Int, k: Int,
    a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
    b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false,
    c: UnsafeMutablePointer<Float>, ldc: Int, alpha: Float = 1, beta: Float = 0
  ) {
    guard m > 0 && n > 0 else { return }
    if k > 0 && (m == 1 || n == 1) {
      multiplyByVector(
        m: m, n: n, k: k, a: a, lda: lda, transposeA: transposeA, b: b, ldb: ldb,
        transposeB: transposeB, c: c, ldc: ldc, alpha: alpha, beta: beta)
      return
    }
    if Double(m) * Double(n) * Double(k) <= smallProduct {
      nk_small_product(
        m, n, k, alpha, a, transposeA ? 1 : lda, transposeA ? lda : 1, b, transposeB ? 1 : ldb,
        transposeB ? ldb : 1, beta, c, ldc)
      return
    }
    BLASInstance.call {
      $0.sgemm(
        rowMajor, transposed(transposeA), transposed(transposeB),
        Int32(m), Int32(n), Int32(k), alpha, a, Int32(max(lda, 1)), b, Int32(max(ldb, 1)),
        beta, c, Int32(max(ldc, 1)))
    }
  }

  private static let rowMajor = Int32(copenblas_row_major)

  @inline(__always)
  private static func transposed(_ isTransposed: Bool) -> Int32 {
    Int32(isTransposed ? copenblas_transpose : copenblas_no_transpose)
  }

  // Up to this many multiplications OpenBLAS takes a path that asks the heap for memory, which a
  // training step may not do.
  private static let smallProduct = 1e6

  // sgemm first packs both matrices, which for one row or column costs more than the product.
  private static func multiplyByVector(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, lda: Int, transposeA: Bool,
    b: UnsafePointer<Float>, ldb: Int, transposeB: Bool, c: UnsafeMutablePointer<Float>, ldc: Int,
    alpha: Float, beta: Float
  ) {
    var beta = beta
    let count = n == 1 ? m : n
    let step = n == 1 ? ldc : 1
    if beta == 0 {
      // Versions of sgemv differ in whether a beta of zero keeps a NaN of the old contents.
      for i in 0..<count { c[i * step] = 0 }
      beta = 1
    }
    if n == 1 {
      BLASInstance.call {
        $0.sgemv(
          rowMajor, transposed(transposeA), Int32(transposeA ? k : m),
          Int32(transposeA ? m : k), alpha, a, Int32(lda), b, Int32(transposeB ? 1 : ldb),
          beta, c, Int32(step))
      }
    } else {
      BLASInstance.call {
        $0.sgemv(
          rowMajor, transposed(!transposeB), Int32(transposeB ? n : k),
          Int32(transposeB ? k : n), alpha, b, Int32(ldb), a, Int32(transposeA ? lda : 1),
          beta, c, Int32(step))
      }
    }
  }
}
