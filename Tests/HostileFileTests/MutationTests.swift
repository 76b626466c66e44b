import ParserCases
import Testing

/// Every parser against files with random changes: a value that can be used, or an error of the
/// right type that names the file; never a crash, which would end the tests.
@Suite struct MutationTests {
  static let mutantCount = 20_000

  @Test(arguments: ParserCase.all) func damagedFilesAreRefusedOrRead(_ parser: ParserCase) {
    for seed in parser.seeds {
      #expect(parser.outcome(of: seed) == .accepted, "\(parser): a sample is not sound")
    }
    var accepted = 0
    for index in 0..<Self.mutantCount {
      let bytes = mutated(parser.seeds[index % parser.seeds.count], index: index)
      // Half of the files get right lengths and checksums, so that the damage gets past them.
      let outcome = index % 2 == 0 ? parser.outcome(of: bytes) : parser.outcomes(of: bytes).last
      switch outcome {
      case .accepted: accepted += 1
      case .violation(let text): Issue.record("\(parser), mutant \(index): \(text)")
      case .refused, nil: break
      }
    }
    // Some changes mean nothing or another sound file; most do not.
    #expect(accepted > 20 && accepted < Self.mutantCount * 3 / 4, "\(parser): \(accepted)")
  }
}
