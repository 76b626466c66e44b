import Dispatch
import Foundation
import ModelFiles
import ParserCases

/// One thread with a large stack that parses all inputs: with a new thread for each, libFuzzer would
/// do little else than make threads.
final class ParsingThread: @unchecked Sendable {
  private let parser: ParserCase
  private let hasInput = DispatchSemaphore(value: 0)
  private let hasOutcomes = DispatchSemaphore(value: 0)
  // Each belongs to the side whose semaphore was signalled last.
  private var input: [UInt8] = []
  private var outcomes: [ParserCase.Outcome] = []

  /// Starts the thread; it lives as long as the process.
  init(_ parser: ParserCase) {
    self.parser = parser
    Thread.detachNewThread {
      withLargeStack { self.work() }
    }
  }

  /// What the parser makes of an input, as it is and mended.
  func outcomes(of bytes: [UInt8]) -> [ParserCase.Outcome] {
    input = bytes
    hasInput.signal()
    hasOutcomes.wait()
    return outcomes
  }

  private func work() {
    while true {
      hasInput.wait()
      outcomes = parser.outcomes(of: input)
      hasOutcomes.signal()
    }
  }
}
