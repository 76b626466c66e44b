import Foundation
import Testing

/// What a program that embeds the engine meets, in a program of its own.
@Suite("Embedding")
struct EmbeddingTests {
  @Test("A forked child is refused with an error, and the parent goes on")
  func forkAfterUse() throws {
    let run = try Tool.runEmbedding("fork-after-use")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.lines.count == 8)
    for line in run.lines.prefix(6) {
      #expect(line.hasPrefix("EngineError: Expected the process "))
      #expect(line.contains("in which the engine's threads do not run; fork before the first use"))
    }
    #expect(run.lines.suffix(2) == ["child ended with 0", "parent [2, 10]"])
  }

  @Test("A child that is forked before the engine is used may use it")
  func forkBeforeUse() throws {
    let run = try Tool.runEmbedding("fork-before-use")
    #expect(run.lines == ["child [300, 10]", "child ended with 0"], "\(run.errors)")
  }

  @Test(
    "An OpenBLAS of the program's own is another one", arguments: ["blas-before", "blas-after"])
  func ownBLAS(_ order: String) throws {
    let run = try Tool.runEmbedding(order)
    #expect(run.status == 0, "\(run.errors)")
    // The engine's one worker is all that it starts.
    let count = 1 + (order == "blas-after" ? Tool.sanitizerThreadCount : 0)
    #expect(
      run.lines == [
        "threads more: \(count)", "ours: 1", "theirs as asked: true, variable 3",
        "threads beside theirs: \(count)",
      ])
  }

  @Test(
    "Memory that is not there is said before it is taken, with what fits",
    .enabled(if: !Tool.isSanitized, "sanitizers take terabytes of addresses"))
  func limitedMemory() throws {
    let run = try Tool.runEmbedding("limited-memory")
    #expect(run.status == 0, "\(run.errors)")
    try #require(run.lines.count == 3, "\(run.output)")
    #expect(run.lines[0] == "smaller parts: true")
    #expect(run.lines[1].hasPrefix("Training with batches of 4096: expected "))
    let fits = try #require(run.lines[1].firstMatch(of: /batches of up to (\d+) would fit/))
    #expect(run.lines[2] == "trained with batches of up to \(fits.1)")
  }

  @Test(
    "The batch that is advised fits and larger ones do not, with a validation too",
    .enabled(if: !Tool.isSanitized, "sanitizers take terabytes of addresses"))
  func limitedFit() throws {
    let run = try Tool.runEmbedding("limited-fit")
    #expect(run.status == 0, "\(run.errors)")
    try #require(run.lines.count == 4, "\(run.output)")
    let sizes = try run.lines.prefix(2).map { line in
      try #require(line.wholeMatch(of: /(\d+) fits, more does not/), "\(line)").1
    }
    // The validation needs memory, too.
    #expect(try 10 * #require(Int(sizes[1])) < 9 * #require(Int(sizes[0])))
    #expect(run.lines[2].hasPrefix("MemoryError: Evaluation with batches of 40: expected "))
    #expect(run.lines[3] == "evaluated 40")
  }
}
