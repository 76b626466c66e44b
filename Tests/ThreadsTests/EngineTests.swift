import Testing
import Threads

@Suite struct EngineTests {
  @Test func theSharedEngineUsesTheBudget() {
    let engine = Engine.shared
    #expect(engine.threadBudget == ThreadBudget.detected())
    #expect(engine.team.threadCount == engine.threadBudget.threadCount)
  }

  @Test(arguments: [1, 2, 7, 1024])
  func theNumberAskedForIsUsed(count: Int) throws {
    let engine = try Engine(options: EngineOptions(threadCount: count))
    #expect(engine.threadBudget.threadCount == count)
    #expect(engine.team.threadCount == count)
  }

  @Test(arguments: [0, -1, 1025, Int.max, Int.min])
  func othersAreRefused(count: Int) {
    #expect(throws: EngineError.threadCountOutOfRange(count)) {
      try Engine(options: EngineOptions(threadCount: count))
    }
    #expect(
      EngineError.threadCountOutOfRange(count).description
        == "threadCount: expected a number from 1 to 1024, found \(count); leave it out to use "
        + "all processors that this process may use.")
  }
}
