import Kernels
import TestSupport
import Testing
import Threads

@Suite struct CopyingTests {
  @Test(arguments: [
    ([5], [0]), ([3, 4], [1, 0]), ([33, 65], [1, 0]), ([300, 170], [1, 0]),
    ([2, 7, 5, 3], [0, 3, 1, 2]), ([2, 3, 7, 5], [0, 2, 3, 1]), ([4, 1, 6], [2, 1, 0]),
    ([2, 3, 4, 5], [3, 2, 1, 0]), ([2, 3, 4, 5], [1, 0, 2, 3]), ([3, 17, 33], [0, 2, 1]),
    ([2, 2, 3, 1, 2, 3, 2, 2], [7, 1, 6, 2, 0, 4, 3, 5]), ([40_000], [0]), ([3, 4], [0, 1]),
  ])
  func permutations(shape: [Int], axes: [Int]) {
    let x = testValues(shape.reduce(1, *))
    let indices = ReferenceKernels.permutedIndices(shape, axes: axes)
    let g = CopyGeometry(permuting: shape, axes: axes)
    #expect(g.count == x.count)
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var y = [Float](repeating: .nan, count: x.count)
      Copying.copy(g, source: x, target: &y, team: team)
      #expect(y == indices.map { x[$0] })
      Copying.copy(g, source: x, target: &y, accumulate: true, team: team)
      #expect(y == indices.map { 2 * x[$0] })
      var back = [Float](repeating: .nan, count: x.count)
      Copying.copy(g.reversed, source: y, target: &back, team: team)
      #expect(back == x.map { 2 * $0 })
    }
  }

  @Test func aSmallerBatchIsAPrefix() {
    let shape = [9, 4, 5, 3]
    let x = testValues(540)
    for axes in [[0, 3, 1, 2], [0, 1, 2, 3], [0, 2, 1, 3]] {
      let g = CopyGeometry(permuting: shape, axes: axes)
      let expected = ReferenceKernels.permutedIndices([4, 4, 5, 3], axes: axes).map { x[$0] }
      var y = [Float](repeating: -7, count: 540)
      Copying.copy(g.with(leading: 4), source: x, target: &y, team: WorkerTeam(threadCount: 2))
      #expect(Array(y[..<240]) == expected)
      #expect(y[240...].filter { $0 != -7 }.isEmpty)
    }
  }

  @Test func theLastTwoAxes() {
    let x = testValues(2 * 17 * 33)
    var y = x
    let g = CopyGeometry(transposingLastTwoAxesOf: [2, 17, 33])
    Copying.copy(g, source: x, target: &y, team: WorkerTeam(threadCount: 1))
    #expect(
      y == ReferenceKernels.permutedIndices([2, 17, 33], axes: [0, 2, 1]).map { x[$0] })
  }

  @Test func framesAndParts() {
    let (shape, before, after) = ([2, 5, 7, 3], [0, 1, 2, 0], [0, 3, 0, 1])
    let outer = [2, 9, 9, 4]
    let x = testValues(210)
    let team = WorkerTeam(threadCount: 3)
    let g = CopyGeometry(padding: shape, before: before, after: after)
    var y = [Float](repeating: .nan, count: 648)
    Copying.pad(g, outputCount: 648, value: -2, x: x, y: &y, team: team)
    var expected = [Float](repeating: -2, count: 648)
    for n in 0..<2 {
      for h in 0..<5 {
        for w in 0..<7 {
          for c in 0..<3 {
            expected[((n * 9 + h + 1) * 9 + w + 2) * 4 + c] = x[((n * 5 + h) * 7 + w) * 3 + c]
          }
        }
      }
    }
    #expect(y == expected)
    var smaller = [Float](repeating: .nan, count: 324)
    Copying.pad(
      g.with(leading: 1), outputCount: 324, value: -2, x: x, y: &smaller, team: team)
    #expect(smaller[...] == expected[..<324])

    var back = x
    Copying.copy(g.reversed, source: y, target: &back, accumulate: true, team: team)
    #expect(back == x.map { 2 * $0 })
    let slice = CopyGeometry(slicing: outer, start: before, extents: shape)
    Copying.copy(slice, source: y, target: &back, team: team)
    #expect(back == x)
  }

  @Test(arguments: [1, 2, 3, 7, 16, 17, 65, 40_000])
  func joinsAndSplits(width: Int) {
    let (outer, other) = (3, 5)
    let a = testValues(outer * width)
    let b = testValues(outer * other, seed: 2)
    let team = WorkerTeam(threadCount: 2)
    let total = width + other
    var joined = [Float](repeating: .nan, count: outer * total)
    joined.withUnsafeMutableBufferPointer {
      Copying.copyRows(
        rows: outer, width: width, source: a, sourceStride: width, target: $0.baseAddress!,
        targetStride: total, team: team)
      Copying.copyRows(
        rows: outer, width: other, source: b, sourceStride: other,
        target: $0.baseAddress! + width, targetStride: total, team: team)
    }
    var expected: [Float] = []
    for row in 0..<outer {
      expected += a[row * width..<(row + 1) * width]
      expected += b[row * other..<(row + 1) * other]
    }
    #expect(joined == expected)
    var part = b
    joined.withUnsafeBufferPointer {
      Copying.copyRows(
        rows: outer, width: other, source: $0.baseAddress! + width, sourceStride: total,
        target: &part, targetStride: other, accumulate: true, team: team)
    }
    #expect(part == b.map { 2 * $0 })
  }

  @Test(arguments: [1, 2, 7, 16, 17, 100])
  func rowsOfTables(columns: Int) {
    let table = testValues(10 * columns)
    let indices: [Int32] = [3, 0, 9, 3, 3, -1, 10, .max, 5]
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var y = [Float](repeating: 0, count: indices.count * columns)
      Copying.gatherRows(
        count: indices.count, columns: columns, table: table, tableRows: 10, indices: indices,
        y: &y, team: team)
      for (i, index) in indices.enumerated() {
        let row = Array(y[i * columns..<(i + 1) * columns])
        if (0..<10).contains(index) {
          #expect(row == Array(table[Int(index) * columns..<Int(index + 1) * columns]))
        } else {
          #expect(row.filter(\.isNaN).count == columns)
        }
      }
      let dy = testValues(indices.count * columns, seed: 2)
      var gradient = [Float](repeating: 1, count: table.count)
      var expected = gradient
      for (i, index) in indices.enumerated() where (0..<10).contains(index) {
        for c in 0..<columns { expected[Int(index) * columns + c] += dy[i * columns + c] }
      }
      Copying.scatterAddRows(
        count: indices.count, columns: columns, dy: dy, indices: indices, tableRows: 10,
        gradient: &gradient, team: team)
      #expect(gradient == expected)
    }
  }
}
