import ArgumentParser
import Evaluation
import Needletail

struct BenchPeak: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peak",
    abstract: "Measure what the processor and its memory can do at most.",
    discussion: """
      Multiply-adds in registers, and arrays larger than the caches that are read, copied, or added \
      to one another, by one thread and by all; and how long a value takes from one thread to \
      another. NEEDLETAIL_ISA chooses the instruction set.
      """)

  @OptionGroup var threads: ThreadArguments
  @OptionGroup var output: BenchOutputArguments

  @Option(
    help: "How many seconds to measure each limit. (default: 1)", transform: OptionNumber.seconds)
  var seconds = 1.0

  func run() throws {
    let engine = try threads.startEngine()
    let most = engine.threadCount
    let isa = Processor.kernelBuild
    var table = TextTable(header: ["limit", "threads", "best", ""])
    for count in Set([1, most]).sorted() {
      let engine = try count == most ? engine : Engine(options: EngineOptions(threadCount: count))
      let peak = ProcessorPeak(measuringOn: engine, seconds: seconds)
      try report(
        limit: "multiply-add", threadCount: count, rate: peak.gigaflopsPerSecond,
        rateName: "gflops", unit: "GFLOP/s", isa: isa, &table)
      for bandwidth in try MemoryBandwidth.measuring(on: engine, seconds: seconds) {
        try report(
          limit: bandwidth.access.rawValue, threadCount: count,
          rate: bandwidth.gigabytesPerSecond, rateName: "gigabytes_per_second", unit: "GB/s",
          isa: isa, &table, arrayByteCount: bandwidth.arrayByteCount)
      }
    }
    if let handOver = HandOver(measuringOn: engine, seconds: seconds) {
      try report(
        limit: "hand-over", threadCount: 2, rate: handOver.nanoseconds, rateName: "nanoseconds",
        unit: "ns", isa: isa, &table)
    }
    if !output.json {
      try StandardOutput.line("instruction set  \(isa)")
      try StandardOutput.write(table.text)
    }
  }

  private func report(
    limit: String, threadCount: Int, rate: Double, rateName: String, unit: String, isa: String,
    _ table: inout TextTable, arrayByteCount: Int? = nil
  ) throws {
    table.add([limit, "\(threadCount)", NumberText.decimal(rate, 1), unit])
    guard output.json else { return }
    var object: JSONObject = [
      "kind": .string("peak"), "limit": .string(limit), "threads": .integer(threadCount),
      rateName: .finite(rate), "isa": .string(isa),
    ]
    if let arrayByteCount { object["array_bytes"] = .integer(arrayByteCount) }
    try StandardOutput.line(JSONValue.object(object).canonicalText)
  }
}
