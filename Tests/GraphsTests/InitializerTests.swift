import Graphs
import Tensors
import Testing

@Suite struct InitializerTests {
  private static let fan = Variable.Fan(in: 300, out: 200)

  private func values(
    _ initializer: Initializer, count: Int = 60_000, fan: Variable.Fan = fan, seed: UInt64 = 1,
    index: UInt64 = 0
  ) -> [Float] {
    // Not without room: see docs/decisions/0013-sanitizers.md.
    [Float](unsafeUninitializedCapacity: max(count, 1)) { buffer, filled in
      buffer.initialize(repeating: .nan)
      initializer.fill(
        UnsafeMutableBufferPointer(rebasing: buffer[..<count]), fan: fan,
        stream: RandomStream(seed: seed, purpose: .initialization, index: index))
      filled = count
    }
  }

  private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0) { $0 + Double($1) } / count
    let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    return (mean, variance.squareRoot())
  }

  @Test func constants() {
    #expect(values(.zeros, count: 5) == [0, 0, 0, 0, 0])
    #expect(values(.ones, count: 3) == [1, 1, 1])
    #expect(values(.constant(-2.5), count: 3) == [-2.5, -2.5, -2.5])
  }

  @Test(
    arguments: [
      (.uniform(from: -0.5, to: 2), -0.5, 2), (.glorotUniform, -0.109545, 0.109545),
      (.heUniform, -0.141422, 0.141422),
    ] as [(Initializer, Float, Float)])
  func uniform(_ initializer: Initializer, _ low: Float, _ high: Float) {
    let found = values(initializer)
    #expect(found.allSatisfy { $0 >= low && $0 <= high })
    let width = high - low
    #expect((found.min() ?? high) < low + 0.001 * width)
    #expect((found.max() ?? low) > high - 0.001 * width)
    // Ten bins, each with a tenth: 6,000 of 60,000, whose standard deviation is 73.
    var bins = [Int](repeating: 0, count: 10)
    for value in found { bins[min(9, Int((value - low) / width * 10))] += 1 }
    #expect(bins.allSatisfy { abs($0 - 6000) < 330 }, "\(bins)")
    let deviation = Double(width) / 12.0.squareRoot()
    #expect(abs(moments(found).mean - Double(low + high) / 2) < 0.02 * deviation)
    #expect(abs(moments(found).deviation / deviation - 1) < 0.01)
  }

  @Test(
    arguments: [
      (.normal(mean: 3, standardDeviation: 0.5), 3, 0.5), (.glorotNormal, 0, 0.0632456),
      (.heNormal, 0, 0.0816497),
    ] as [(Initializer, Double, Double)])
  func normal(_ initializer: Initializer, _ mean: Double, _ deviation: Double) {
    let found = values(initializer)
    #expect(found.allSatisfy { $0.isFinite })
    #expect(abs(moments(found).mean - mean) < 0.02 * deviation)
    #expect(abs(moments(found).deviation / deviation - 1) < 0.015)
    // The shares within one, two and three deviations.
    for (distance, share) in [(1.0, 0.6827), (2, 0.9545), (3, 0.9973)] {
      let within = found.filter { abs(Double($0) - mean) < distance * deviation }.count
      #expect(abs(Double(within) / 60_000 - share) < 0.008, "\(distance)")
    }
    #expect(found.contains { Double($0) > mean + 3.5 * deviation })
    // Neighbours, which come from one pair of numbers, do not go together.
    let products = stride(from: 0, to: found.count, by: 2).map {
      (Double(found[$0]) - mean) * (Double(found[$0 + 1]) - mean)
    }
    #expect(abs(products.reduce(0, +) / 30_000) < 0.03 * deviation * deviation)
  }

  @Test(
    arguments: [
      .uniform(from: 0, to: 1), .normal(mean: 0, standardDeviation: 1), .glorotUniform,
      .glorotNormal, .heUniform, .heNormal,
    ] as [Initializer])
  func pureFunctionsOfSeedAndPlace(_ initializer: Initializer) {
    let first = values(initializer, count: 1001)
    #expect(values(initializer, count: 1001) == first)
    // A shorter variable begins alike.
    #expect(values(initializer, count: 333) == Array(first[..<333]))
    #expect(values(initializer, count: 1001, seed: 2) != first)
    #expect(values(initializer, count: 1001, index: 1) != first)
    #expect(Set(first).count > 990)
    #expect(values(initializer, count: 0).isEmpty)
    #expect(values(initializer, count: 1).count == 1)
  }

  @Test func fansOfZeroAreNoDivisionByZero() {
    let none = Variable.Fan(in: 0, out: 0)
    for initializer in [Initializer.glorotUniform, .glorotNormal, .heUniform, .heNormal] {
      #expect(values(initializer, count: 9, fan: none).allSatisfy { $0.isFinite })
    }
  }

  @Test func heIgnoresTheFanOut() {
    let other = Variable.Fan(in: 300, out: 1)
    #expect(values(.heNormal, count: 9, fan: other) == values(.heNormal, count: 9))
    #expect(values(.glorotNormal, count: 9, fan: other) != values(.glorotNormal, count: 9))
  }
}
