import ArgumentParser
import Needletail

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check what this machine gives, and say what to do if it is less than it could be.")

  @OptionGroup var threads: ThreadArguments

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let engine = try Engine(options: EngineOptions(threadCount: threads.count))
    let report = DoctorReport(engine: engine)
    try StandardOutput.line(
      json ? JSONValue.object(report.json).canonicalText : report.lines.joined(separator: "\n"))
  }
}
