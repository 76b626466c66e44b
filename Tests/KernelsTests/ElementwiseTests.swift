import Kernels
import TestSupport
import Testing
import Threads

@Suite struct ElementwiseTests {
  @Test(arguments: oddCounts)
  func simplePasses(count: Int) {
    let x = testValues(count)
    let start = testValues(count, seed: 2)
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var y = [Float](repeating: .nan, count: count)
      Elementwise.affine(count: count, x: x, scale: 3, offset: -0.5, y: &y, team: team)
      expectClose(y, x.map { Double($0) * 3 - 0.5 }, relative: 1e-6, absolute: 1e-7)
      y = start
      Elementwise.add(count: count, x: x, into: &y, team: team)
      #expect(y == zip(x, start).map { $0 + $1 })
      Elementwise.copy(count: count, x: x, y: &y, team: team)
      #expect(y == x)
      Elementwise.scale(count: count, by: 0.3, &y, team: team)
      #expect(y == x.map { $0 * 0.3 })
      Elementwise.fill(count: count, with: 7, &y, team: team)
      #expect(y == [Float](repeating: 7, count: count))
    }
  }

  @Test(arguments: [1, 3, 16, 17, 127, 128, 300], [1, 2, 341, 1500])
  func channels(channels: Int, count: Int) {
    let x = testValues(count * channels)
    let scale = testValues(channels, seed: 2)
    let offset = testValues(channels, seed: 3)
    let expected = x.indices.map {
      Double(x[$0]) * Double(scale[$0 % channels]) + Double(offset[$0 % channels])
    }
    var y = [Float](repeating: .nan, count: x.count)
    Elementwise.affinePerChannel(
      rows: count, channels: channels, x: x, scale: scale, offset: offset, y: &y,
      team: WorkerTeam(threadCount: 2))
    expectClose(y, expected, relative: 1e-6, absolute: 2e-7)
  }
}
