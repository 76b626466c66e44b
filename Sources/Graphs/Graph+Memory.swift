package import Tensors
import Threads

extension Graph {
  /// The most bytes that the values of all nodes together may take for a plan to be compiled: sums
  /// of a few times as many still fit an `Int`.
  private static let mostBytes = 0x1p56

  /// Throws if the values of a batch are so large that a plan could not even count their bytes.
  ///
  /// A small file can describe them: two rows, each repeated along the other.
  package func checkMemory(batch: Int) throws(MemoryError) {
    var bytes = 0.0
    for node in nodes {
      bytes += node.type.dimensions.reduce(4) { $0 * Double($1.fixedValue ?? batch) }
    }
    guard bytes <= Self.mostBytes else {
      throw MemoryError(
        purpose: "activations of up to \(batch) example\(batch == 1 ? "" : "s")", byteCount: .max,
        available: .detected())
    }
  }
}
