import CKernels
import Kernels
import TestSupport
import Testing
import Threads

@Suite struct DropoutTests {
  private func forward(
    _ x: [Float], rate: Float, stream: UInt64 = 5, first: UInt64, threads: Int = 1
  ) -> (y: [Float], mask: [UInt8]) {
    var y = [Float](repeating: .nan, count: x.count)
    var mask = [UInt8](repeating: 9, count: x.count)
    Dropout.forward(
      count: x.count, x: x, y: &y, mask: &mask, rate: rate, key: 0x1234_5678_9ABC_DEF0,
      stream: stream, firstElement: first, team: WorkerTeam(threadCount: threads))
    return (y, mask)
  }

  @Test(arguments: [UInt64(0), 1, 63, 64, 1000, 0xF_FFFF_FFE0])
  func masksAreThoseOfTheGenerator(first: UInt64) {
    let x = testValues(1000)
    let (y, mask) = forward(x, rate: 0.3, first: first)
    let threshold = UInt32(Double(Float(0.3)) * 0x1p32)
    for i in x.indices {
      let e = first + UInt64(i)
      let block = nk_philox(0x1234_5678_9ABC_DEF0, 5, e / 64 * 16 + e % 16).word
      let words = [block.0, block.1, block.2, block.3]
      let keeps = words[Int(e % 64 / 16)] >= threshold
      #expect(mask[i] == (keeps ? 1 : 0))
      #expect(y[i] == (keeps ? x[i] * (1 / (1 - Float(0.3))) : 0))
    }
  }

  @Test(arguments: oddCounts)
  func chunksThreadsAndCutsDoNotMatter(count: Int) {
    let x = testValues(count)
    let whole = forward(x, rate: 0.5, first: 100)
    for threads in threadCounts {
      let other = forward(x, rate: 0.5, first: 100, threads: threads)
      #expect(other == whole)
    }
    let cut = count / 3
    let head = forward(Array(x[..<cut]), rate: 0.5, first: 100)
    let tail = forward(Array(x[cut...]), rate: 0.5, first: 100 + UInt64(cut))
    #expect(head.y + tail.y == whole.y)
    #expect(head.mask + tail.mask == whole.mask)
  }

  @Test(arguments: [Float(0), 0.1, 0.5, 0.9])
  func theRateIsKept(rate: Float) {
    let count = 200_000
    let (y, mask) = forward([Float](repeating: 1, count: count), rate: rate, first: 0)
    let kept = Double(mask.reduce(0) { $0 + Int($1) }) / Double(count)
    // Five standard deviations.
    let tolerance = 5 * (Double(rate) * Double(1 - rate) / Double(count)).squareRoot()
    #expect(abs(kept - Double(1 - rate)) <= tolerance)
    for value in Set(y) where value != 0 { #expect(abs(value * (1 - rate) - 1) < 1e-6) }
    #expect(forward(y, rate: rate, stream: 6, first: 0).mask != mask || rate == 0)
  }

  @Test(arguments: oddCounts)
  func gradientsPassWhereElementsWereKept(count: Int) {
    let (_, mask) = forward(testValues(count), rate: 0.25, first: 7)
    let dy = testValues(count, seed: 2)
    let expected = zip(mask, dy).map { $0 == 1 ? $1 * (1 / Float(0.75)) : 0 }
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var dx = [Float](repeating: .nan, count: count)
      Dropout.backward(
        count: count, mask: mask, rate: 0.25, dy: dy, dx: &dx, accumulate: false, team: team)
      #expect(dx == expected)
      Dropout.backward(
        count: count, mask: mask, rate: 0.25, dy: dy, dx: &dx, accumulate: true, team: team)
      #expect(dx == expected.map { 2 * $0 })
    }
  }
}
