import Testing
import Threads

@Suite struct ChunkSharesTests {
  @Test(arguments: [0, 1, 2, 3, 7, 100], [1, 2, 3, 8])
  func everyChunkIsTakenOnce(chunkCount: Int, memberCount: Int) {
    let shares = ChunkShares(memberCount: memberCount)
    for _ in 0..<2 {
      shares.reset()
      var taken: [Int] = []
      var isWorking = true
      // The members in turn, the last one first.
      while isWorking {
        isWorking = false
        for member in (0..<memberCount).reversed() {
          guard let chunk = shares.next(of: chunkCount, for: member) else { continue }
          taken.append(chunk)
          isWorking = true
        }
      }
      #expect(taken.sorted() == Array(0..<chunkCount))
    }
  }

  @Test func membersKeepToTheirShares() {
    let shares = ChunkShares(memberCount: 4)
    shares.reset()
    for round in 0..<2 {
      for member in 0..<4 {
        #expect(shares.next(of: 8, for: member) == 2 * member + round)
      }
    }
    #expect(shares.next(of: 8, for: 1) == nil)
  }

  @Test func aMemberAloneTakesAllFromItsOwnShareOn() {
    let shares = ChunkShares(memberCount: 3)
    shares.reset()
    let taken = (0..<6).compactMap { _ in shares.next(of: 6, for: 1) }
    #expect(taken == [2, 3, 4, 5, 0, 1])
  }
}
