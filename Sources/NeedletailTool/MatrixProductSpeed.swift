import Dispatch
import Kernels
import Tensors
import Threads

/// How fast large matrix products are, which bounds how fast networks are.
struct MatrixProductSpeed {
  let threadCount: Int
  let gigaflopsPerSecond: Double

  /// Multiplies matrices for about half a second and takes the fastest of the products.
  ///
  /// - Throws: `MemoryError` if there is no memory for three matrices.
  init(measuringOn team: WorkerTeam) throws {
    let size = 1024
    let values = try AlignedBuffer<Float>(count: size * size, for: "a matrix")
    for index in 0..<values.count { values.pointer[index] = Float(index % 17) - 8 }
    let product = try AlignedBuffer<Float>(count: size * size, for: "a matrix")
    var best = Double.infinity
    var total = 0.0
    // The first product warms caches and threads up and is not counted.
    for round in 0..<50 where round < 3 || total < 0.5 {
      let start = DispatchTime.now().uptimeNanoseconds
      MatrixProduct.forward(
        m: size, n: size, k: size, a: values.pointer, b: values.pointer, y: product.pointer,
        team: team)
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
      total += seconds
      if round > 0 { best = min(best, seconds) }
    }
    threadCount = team.runningThreadCount()
    gigaflopsPerSecond = 2 * Double(size * size * size) / best / 1e9
  }
}
