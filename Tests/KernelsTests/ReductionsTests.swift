import Kernels
import TestSupport
import Testing
import Threads

@Suite struct ReductionsTests {
  @Test(arguments: oddCounts)
  func wholeArrays(count: Int) {
    let x = testValues(count).map { $0 + 0.25 }
    let exact = x.map { Double($0) }
    var first: [Float] = []
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var scratch = [Float](repeating: .nan, count: Reductions.scratchCount(count: count))
      var results = [Float](repeating: .nan, count: 4)
      results.withUnsafeMutableBufferPointer {
        let r = $0.baseAddress!
        Reductions.sum(count: count, x: x, result: r, scratch: &scratch, team: team)
        Reductions.mean(count: count, x: x, result: r + 1, scratch: &scratch, team: team)
        Reductions.sumOfSquares(count: count, x: x, result: r + 2, scratch: &scratch, team: team)
        Reductions.maximumAbsolute(
          count: count, x: x, result: r + 3, scratch: &scratch, team: team)
      }
      if threads == 1 { first = results }
      #expect(results == first)
    }
    let sum = exact.reduce(0, +)
    expectClose(
      first,
      [sum, sum / Double(count), exact.map { $0 * $0 }.reduce(0, +), exact.map { abs($0) }.max()!],
      relative: 3e-7, absolute: 1e-5)
  }

  @Test(arguments: oddCounts)
  func nonFiniteNumbersAreFound(count: Int) {
    var x = testValues(count)
    let team = WorkerTeam(threadCount: 2)
    var scratch = [Float](repeating: .nan, count: Reductions.scratchCount(count: count))
    #expect(Reductions.countNonFinite(count: count, x: x, scratch: &scratch, team: team) == 0)
    let places = Set([0, count / 2, count - 1])
    for (i, place) in places.sorted().enumerated() {
      x[place] = [Float.nan, .infinity, -.infinity][i]
    }
    #expect(
      Reductions.countNonFinite(count: count, x: x, scratch: &scratch, team: team) == places.count)
    var largest: Float = 0
    Reductions.maximumAbsolute(count: count, x: x, result: &largest, scratch: &scratch, team: team)
    #expect(largest.isNaN)
  }

  @Test(
    arguments: [1, 2, 3, 7, 15, 16, 17, 33, 64, 65, 300, 2500], [0, 1, 2, 17, 129, 1000])
  func columnSums(columns: Int, count: Int) {
    let x = testValues(count * columns)
    var expected = [Double](repeating: 0, count: columns)
    for (i, v) in x.enumerated() { expected[i % columns] += Double(v) }
    var first: [Float] = []
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var scratch = [Float](
        repeating: .nan, count: Reductions.sumRowsScratchCount(rows: count, columns: columns))
      var sums = [Float](repeating: .nan, count: columns)
      Reductions.sumRows(
        rows: count, columns: columns, x: x, into: &sums, accumulate: false, scratch: &scratch,
        team: team)
      if threads == 1 { first = sums }
      #expect(sums == first)
      Reductions.sumRows(
        rows: count, columns: columns, x: x, into: &sums, accumulate: true, scratch: &scratch,
        team: team)
      expectClose(
        sums, expected.map { 2 * $0 }, relative: 1e-6, absolute: 4e-7 + 8e-8 * Double(count))
    }
    expectClose(first, expected, relative: 1e-6, absolute: 2e-7 + 4e-8 * Double(count))
  }

  @Test func longColumnSumsKeepTheirDigits() {
    for columns in [1, 3, 16, 17] {
      let count = 400_000
      let x = [Float](repeating: 0.1, count: count * columns)
      var scratch = [Float](
        repeating: .nan, count: Reductions.sumRowsScratchCount(rows: count, columns: columns))
      var sums = [Float](repeating: .nan, count: columns)
      Reductions.sumRows(
        rows: count, columns: columns, x: x, into: &sums, accumulate: false, scratch: &scratch,
        team: WorkerTeam(threadCount: 2))
      let truth = Double(Float(0.1)) * Double(count)
      expectClose(sums, [Double](repeating: truth, count: columns), relative: 1e-5)
    }
  }

  @Test(arguments: [1, 2, 3, 7, 15, 16, 17, 33, 64, 65, 1000])
  func argmaxIsTheFirstLargest(columns: Int) {
    let count = 50
    // Few values, so that the largest is often there twice.
    var x = testValues(count * columns).map { ($0 * 8).rounded() }
    for c in 0..<columns { x[columns + c] = -.infinity }
    x[3 * columns + columns / 2] = .nan
    x[3 * columns + columns - 1] = .nan
    var indices = [Int32](repeating: -1, count: count)
    Reductions.argmaxRows(
      rows: count, columns: columns, x: x, indices: &indices, team: WorkerTeam(threadCount: 3))
    for r in 0..<count where r != 3 {
      let row = x[r * columns..<(r + 1) * columns]
      #expect(Int(indices[r]) == row.firstIndex(of: row.max()!)! - r * columns)
    }
    #expect(Int(indices[3]) == columns / 2)
  }

  @Test(arguments: [
    ([7], [0]), ([4, 5], [0]), ([4, 5], [1]), ([4, 5], [0, 1]), ([3, 70, 2, 5], [1, 2]),
    ([3, 7, 5, 2], [0, 2]), ([9, 30, 100], [1]), ([200, 130], [0]), ([40_000], [0]), ([2, 3], []),
    ([1, 5, 1], [0, 2]),
  ])
  func sumsAndMeansOverAxes(shape: [Int], axes: [Int]) {
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    let places = ReferenceKernels.operandIndices(kept, output: shape)
    let outputs = kept.reduce(1, *)
    let x = testValues(places.count)
    let g = ReductionGeometry(shape: shape, axes: axes)
    #expect(g.inputCount == x.count)
    #expect(g.outputCount == outputs)
    var expected = [Double](repeating: 0, count: outputs)
    for (i, place) in places.enumerated() { expected[place] += Double(x[i]) }
    let share = Double(outputs) / Double(x.count)
    var first: [Float] = []
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var scratch = [Float](repeating: .nan, count: Reductions.axesScratchCount(g))
      var y = [Float](repeating: .nan, count: outputs)
      Reductions.sum(g, x: x, y: &y, scratch: &scratch, team: team)
      if threads == 1 { first = y }
      #expect(y == first)
      expectClose(y, expected, relative: 1e-6, absolute: 3e-6 + 4e-9 / share)
      Reductions.mean(g, x: x, y: &y, scratch: &scratch, team: team)
      expectClose(y, expected.map { $0 * share }, relative: 1e-6, absolute: 4e-7)
    }
    let dy = testValues(outputs, seed: 2)
    let team = WorkerTeam(threadCount: 2)
    var dx = [Float](repeating: .nan, count: x.count)
    Reductions.sumBackward(g, dy: dy, dx: &dx, accumulate: false, team: team)
    #expect(dx == places.map { dy[$0] })
    Reductions.meanBackward(g, dy: dy, dx: &dx, accumulate: true, team: team)
    expectClose(dx, places.map { Double(dy[$0]) * (1 + share) }, relative: 1e-6)
  }

  @Test func aSmallerBatchIsReduced() {
    let g = ReductionGeometry(shape: [8, 6, 5], axes: [1]).with(leading: 3)
    #expect(g.inputCount == 90)
    let x = testValues(90)
    var y = [Float](repeating: .nan, count: 15)
    Reductions.mean(g, x: x, y: &y, scratch: nil, team: WorkerTeam(threadCount: 1))
    let places = ReferenceKernels.operandIndices([3, 1, 5], output: [3, 6, 5])
    var expected = [Double](repeating: 0, count: 15)
    for (i, place) in places.enumerated() { expected[place] += Double(x[i]) / 6 }
    expectClose(y, expected, absolute: 1e-7)
  }
}
