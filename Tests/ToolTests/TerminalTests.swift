import Foundation
import Testing

/// What `train` writes to a terminal: `script` makes one.
@Suite("Terminals", .enabled(if: hasScript, "there is no program 'script'"))
struct TerminalTests {
  /// A training at a terminal of some width, long enough for live lines.
  private func train(_ environment: String, columns: Int) throws -> String {
    try Tool.shell(
      """
      script -qec 'stty cols \(columns); \(environment) "$TOOL" train --data digits \
      --model resnet20 --batch 64 --epochs 1' /dev/null < /dev/null
      """
    ).output
  }

  @Test("Live lines are cut to the width", arguments: [20, 60])
  func width(_ columns: Int) throws {
    let output = try train("TERM=xterm", columns: columns)
    let live = output.components(separatedBy: "\r\u{1B}[K").dropFirst().dropLast()
    #expect(live.count >= 2, "\(output)")
    for line in live { #expect(line.count < columns && line.hasPrefix("epoch 1/1"), "\(line)") }
  }

  @Test(
    "A terminal that knows no escapes gets none",
    arguments: ["TERM=dumb", "TERM=", "env -u TERM"])
  func dumb(_ environment: String) throws {
    let output = try train(environment, columns: 60)
    #expect(!output.contains("\u{1B}"))
    #expect(output.contains("\nepoch 1/1  loss"), "\(output)")
    #expect(output.components(separatedBy: "epoch 1/1").count == 2)
  }
}

private let hasScript = (try? Tool.shell("script -qec true /dev/null < /dev/null").status) == 0
