internal import Tensors
package import Testing

/// Arrays for tests: a pure function of a seed.
package enum TestArrays {
  /// Integers in −2…2, on whose sums and products Float arithmetic is exact.
  package static func integers(_ count: Int, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, purpose: .synthesis)
    return (0..<count).map { _ in Float(Int(stream.next() % 5) - 2) }
  }

  /// Numbers uniform in [−1, 1).
  package static func uniform(_ count: Int, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, purpose: .synthesis)
    return (0..<count).map { _ in 2 * stream.nextUniform() - 1 }
  }
}

/// Calls `body` with `count` floats of scratch memory, full of NaN, and records an issue if it
/// writes beyond them.
package func withScratch<Result>(
  _ count: Int, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (UnsafeMutablePointer<Float>) throws -> Result
) rethrows -> Result {
  let guardCount = 64
  let guardValue: Float = 12345.5
  let memory = UnsafeMutablePointer<Float>.allocate(capacity: count + guardCount)
  defer { memory.deallocate() }
  memory.initialize(repeating: .nan, count: count)
  (memory + count).initialize(repeating: guardValue, count: guardCount)
  let result = try body(memory)
  if (0..<guardCount).contains(where: { memory[count + $0] != guardValue }) {
    Issue.record("wrote beyond \(count) floats of scratch memory", sourceLocation: sourceLocation)
  }
  return result
}

/// The largest absolute value, or 0 for none.
package func largest(_ values: [Double]) -> Double {
  values.reduce(0) { max($0, abs($1)) }
}
