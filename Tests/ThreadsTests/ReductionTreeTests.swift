import Testing
import Threads

@Suite struct ReductionTreeTests {
  @Test func theOrderIsFixed() {
    var pairs: [[Int]] = []
    ReductionTree.forEachPair(count: 7) { pairs.append([$0, $1]) }
    #expect(pairs == [[0, 1], [2, 3], [4, 5], [0, 2], [4, 6], [0, 4]])
  }

  @Test(arguments: 0..<70)
  func everySumIsAddedOnce(count: Int) {
    var sums = (0..<count).map { 1 << ($0 % 8) }
    let total = sums.reduce(0, +)
    var calls = 0
    ReductionTree.forEachPair(count: count) { target, source in
      sums[target] += sums[source]
      calls += 1
    }
    #expect(calls == max(count - 1, 0))
    #expect(count == 0 || sums[0] == total)
  }
}
