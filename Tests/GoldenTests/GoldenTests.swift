import Foundation
import Needletail
import Testing

/// Computations whose bits were recorded, for each instruction set in a file of its own: no change of the
/// engine may change a bit of them unless it means to.
///
/// Where a change means to (another kernel, other chunks, another rule), it records anew and says why:
///
///     NEEDLETAIL_RECORD_GOLDEN=1 swift test -c release --filter GoldenTests
///
/// and once more for each instruction set, with `NEEDLETAIL_ISA`.
@Suite struct GoldenTests {
  private static let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden/\(Processor.kernelBuild).json")

  private static let records =
    ProcessInfo.processInfo.environment["NEEDLETAIL_RECORD_GOLDEN"] != nil

  private static let recorded: [String: GoldenResult]? = {
    guard !records, FileManager.default.fileExists(atPath: url.path) else { return nil }
    do {
      return try JSONDecoder().decode(
        [String: GoldenResult].self, from: Data(contentsOf: url))
    } catch {
      Issue.record("\(url.path) cannot be read: \(error)")
      return [:]
    }
  }()

  private static let cases = GoldenPlans.cases + GoldenTrainings.cases

  @Test(
    .enabled(if: recorded != nil, "nothing is recorded for this instruction set"),
    arguments: cases)
  func bitsAreAsRecorded(_ golden: GoldenCase) throws {
    let expected = try #require(Self.recorded?[golden.name], "it was never recorded")
    let found = try golden.run()
    #expect(found.tensors == expected.tensors)
    #expect(found.numbers.count == expected.numbers.count)
    for (number, other) in zip(found.numbers, expected.numbers) {
      #expect(abs(number - other) <= 1e-6 * max(1, abs(other)))
    }
  }

  @Test(.enabled(if: recorded != nil, "nothing is recorded for this instruction set"))
  func everyRecordHasItsCase() {
    #expect(Self.recorded.map { Set($0.keys) } == Set(Self.cases.map(\.name)))
  }

  @Test(.enabled(if: records, "records what the others compare with")) func record() throws {
    var results: [String: GoldenResult] = [:]
    for golden in Self.cases { results[golden.name] = try golden.run() }
    #expect(results.count == Self.cases.count, "two cases share a name")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try (encoder.encode(results) + Data("\n".utf8)).write(to: Self.url)
  }
}
