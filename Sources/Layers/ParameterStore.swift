package import Graphs
import Synchronization
package import Tensors

/// The values of a model's variables in one flat buffer.
///
/// A value: copies are independent, and share memory until one of them is changed.
package struct ParameterStore: Sendable {
  private var storage: AlignedBuffer<Float>
  /// Tells these values from any others: copies have the same until one of them is changed.
  private(set) var version = ParameterStore.newVersion()

  private static let versions = Atomic<UInt64>(0)

  private static func newVersion() -> UInt64 {
    versions.add(1, ordering: .relaxed).newValue
  }

  /// Draws the first values of a graph's variables.
  ///
  /// Each variable has a stream of its own by its place in the list, so the values of one do not
  /// depend on the others.
  ///
  /// - Throws: `MemoryError` if there is no memory for them.
  package init(graph: Graph, seed: UInt64) throws(MemoryError) {
    storage = try AlignedBuffer(count: graph.layout.count, for: "the model's parameters")
    for (index, variable) in graph.variables.enumerated() {
      let values = UnsafeMutableBufferPointer(
        start: storage.pointer + graph.layout.offsets[index], count: variable.shape.count)
      variable.initializer.fill(
        values, fan: variable.fan,
        stream: RandomStream(seed: seed, purpose: .initialization, index: UInt64(index)))
    }
  }

  /// Values of zero, to be filled from a file.
  ///
  /// - Throws: `MemoryError` if there is no memory for them.
  package init(zerosFor graph: Graph) throws(MemoryError) {
    storage = try AlignedBuffer(count: graph.layout.count, for: "the model's parameters")
  }

  /// All values, to read.
  package func withUnsafePointer<Result>(
    _ body: (UnsafePointer<Float>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) { try body(UnsafePointer(storage.pointer)) }
  }

  /// All values, to change.
  package mutating func withUnsafeMutablePointer<Result>(
    _ body: (UnsafeMutablePointer<Float>) throws -> Result
  ) rethrows -> Result {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    version = Self.newVersion()
    return try withExtendedLifetime(storage) { try body(storage.pointer) }
  }
}
