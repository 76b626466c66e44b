import Kernels
import Testing

/// LAPACK comes with the engine's OpenBLAS and can be called from Swift, by its Fortran interface.
@Suite struct LAPACKTests {
  private typealias SolveEquations =
    @convention(c) (
      _ n: UnsafePointer<Int32>, _ rightCount: UnsafePointer<Int32>,
      _ a: UnsafeMutablePointer<Float>,
      _ lda: UnsafePointer<Int32>, _ pivots: UnsafeMutablePointer<Int32>,
      _ b: UnsafeMutablePointer<Float>, _ ldb: UnsafePointer<Int32>,
      _ status: UnsafeMutablePointer<Int32>
    ) -> Void

  @Test func solvesLinearEquations() throws {
    let address = try #require(try BLASLibrary.function(named: "sgesv_"))
    let solve = unsafeBitCast(address, to: SolveEquations.self)
    // 2x + y = 5, x + 3y = 10, by columns.
    var matrix: [Float] = [2, 1, 1, 3]
    var right: [Float] = [5, 10]
    var pivots: [Int32] = [0, 0]
    var status: Int32 = -1
    var (size, one) = (Int32(2), Int32(1))
    solve(&size, &one, &matrix, &size, &pivots, &right, &size, &status)
    #expect(status == 0)
    #expect(abs(right[0] - 1) < 1e-5)
    #expect(abs(right[1] - 3) < 1e-5)
  }

  @Test func unknownFunctionsAreNil() throws {
    #expect(try BLASLibrary.function(named: "no_such_function") == nil)
  }
}
