import COpenBLAS
import Testing

/// LAPACKE is linked beside OpenBLAS and can be called from Swift.
@Suite struct LAPACKTests {
  @Test func solvesLinearEquations() {
    // 2x + y = 5, x + 3y = 10.
    var matrix: [Float] = [2, 1, 1, 3]
    var right: [Float] = [5, 10]
    var pivots: [Int32] = [0, 0]
    let status = LAPACKE_sgesv(LAPACK_ROW_MAJOR, 2, 1, &matrix, 2, &pivots, &right, 1)
    #expect(status == 0)
    #expect(abs(right[0] - 1) < 1e-5)
    #expect(abs(right[1] - 3) < 1e-5)
  }

  @Test func findsEigenvalues() {
    var matrix: [Double] = [2, 1, 1, 2]
    var values: [Double] = [0, 0]
    let status = LAPACKE_dsyev(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "U")), 2, &matrix, 2, &values)
    #expect(status == 0)
    #expect(abs(values[0] - 1) < 1e-12)
    #expect(abs(values[1] - 3) < 1e-12)
  }
}
