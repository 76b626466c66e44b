import Kernels
import TestSupport
import Testing
import Threads

/// Rows of numbers.
func rows(_ x: [Float], _ columns: Int) -> [[Double]] {
  stride(from: 0, to: x.count, by: columns).map { start in
    x[start..<start + columns].map { Double($0) }
  }
}

@Suite struct SoftmaxTests {
  @Test(arguments: [1, 2, 3, 7, 15, 16, 17, 33, 64, 65, 1000])
  func forwardAndBackward(columns: Int) {
    let count = max(3, 40_000 / columns)
    let x = testValues(count * columns).map { $0 * 6 }
    let dy = testValues(count * columns, seed: 2)
    let expected = rows(x, columns).map { ReferenceKernels.softmax($0) }
    let gradient = zip(expected, rows(dy, columns)).map { y, dy in
      let sum = zip(y, dy).map { $0 * $1 }.reduce(0, +)
      return zip(y, dy).map { $0 * ($1 - sum) }
    }
    var first: ([Float], [Float]) = ([], [])
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var y = [Float](repeating: .nan, count: x.count)
      var dx = y
      Softmax.forward(rows: count, columns: columns, x: x, y: &y, team: team)
      Softmax.backward(
        rows: count, columns: columns, y: y, dy: dy, dx: &dx, accumulate: false, team: team)
      if threads == 1 { first = (y, dx) }
      #expect(y == first.0)
      #expect(dx == first.1)
      Softmax.backward(
        rows: count, columns: columns, y: y, dy: dy, dx: &dx, accumulate: true, team: team)
      #expect(dx == first.1.map { 2 * $0 })
    }
    expectClose(first.0, expected.flatMap { $0 }, relative: 1e-6)
    expectClose(first.1, gradient.flatMap { $0 }, relative: 1e-5, absolute: 2e-7)
  }

  @Test(arguments: [1, 2, 7, 16, 17, 65, 1000])
  func logForwardAndBackward(columns: Int) {
    let count = 5
    let x = testValues(count * columns).map { $0 * 6 }
    let dy = testValues(count * columns, seed: 2)
    let expected = rows(x, columns).map { ReferenceKernels.negativeLogSoftmax($0).map { -$0 } }
    let gradient = zip(rows(x, columns), rows(dy, columns)).map { x, dy in
      let sum = dy.reduce(0, +)
      return zip(ReferenceKernels.softmax(x), dy).map { $1 - $0 * sum }
    }
    let team = WorkerTeam(threadCount: 2)
    var y = [Float](repeating: .nan, count: x.count)
    Softmax.logForward(rows: count, columns: columns, x: x, y: &y, team: team)
    expectClose(y, expected.flatMap { $0 }, relative: 1e-6, absolute: 1e-6)
    var dx = y
    Softmax.logBackward(
      rows: count, columns: columns, y: y, dy: dy, dx: &dx, accumulate: false, team: team)
    expectClose(dx, gradient.flatMap { $0 }, relative: 1e-5, absolute: 5e-6)
  }

  @Test func hugeArgumentsDoNotOverflow() {
    let x: [Float] = [1e4, -1e4, 0, 1e4, -1e4, -1e4, -1e4, -1e4, -.infinity, 0, 1, -.infinity]
    let team = WorkerTeam(threadCount: 1)
    var y = x
    Softmax.forward(rows: 3, columns: 4, x: x, y: &y, team: team)
    expectClose(
      y, [0.5, 0, 0, 0.5, 0.25, 0.25, 0.25, 0.25, 0, 0.2689414213699951, 0.7310585786300049, 0])
    Softmax.logForward(rows: 3, columns: 4, x: x, y: &y, team: team)
    expectClose(
      Array(y[..<8]),
      [-0.6931471805599453, -20000.693147, -10000.693147, -0.6931471805599453]
        + [Double](repeating: -1.3862943611198906, count: 4))
  }
}
