import Needletail
import Threads

/// Reads the numbers of lines, several lines at once, each into its place.
///
/// Unchecked: the bytes are only read, and every line's place is written by whoever reads the line.
struct RowParser: @unchecked Sendable {
  /// What a line turned out to be.
  enum Outcome {
    case numbers
    case blank
    case failed(DatasetError)

    var isBlank: Bool {
      if case .blank = self { true } else { false }
    }

    var error: (any Error)? {
      if case .failed(let error) = self { error } else { nil }
    }
  }

  let lines: [StandardInput.Line]
  /// The bytes of the input, in which the lines lie.
  let bytes: UnsafeBufferPointer<UInt8>
  /// The number of the first line, from 1.
  let firstLine: Int
  /// How many numbers a line has.
  let count: Int
  /// Receives the numbers, `[lines, count]`.
  let numbers: UnsafeMutableBufferPointer<Float>
  /// What was the most bytes of a line, for the error.
  let maximumLineLength: Int

  /// Numbers that one thread reads at a time, some microseconds' work.
  private static let chunkNumbers = 1 << 13

  /// Reads all lines, on the threads of a team.
  func parse(team: WorkerTeam) -> [Outcome] {
    let exceptions = Lock<[(index: Int, outcome: Outcome)]>([])
    team.run(count: lines.count, chunkSize: max(1, Self.chunkNumbers / max(1, count))) { part in
      for index in part {
        let outcome = parse(index)
        if case .numbers = outcome { continue }
        exceptions.withLock { $0.append((index, outcome)) }
      }
    }
    var outcomes = [Outcome](repeating: .numbers, count: lines.count)
    for (index, outcome) in exceptions.withLock({ $0 }) { outcomes[index] = outcome }
    return outcomes
  }

  private func parse(_ index: Int) -> Outcome {
    let place = { "standard input, row \(firstLine + index)" }
    guard !lines[index].isTooLong else {
      return .failed(
        DatasetError(
          .tooLarge, at: place(), expected: "lines of at most \(maximumLineLength) bytes",
          found: "a longer one", advice: "write one example a line"))
    }
    let text = lines[index].bytes(in: bytes)
    guard !text.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) else { return .blank }
    do {
      let row = numbers[index * count..<(index + 1) * count]
      try NumberRow.parse(text, place: place(), into: UnsafeMutableBufferPointer(rebasing: row))
      return .numbers
    } catch {
      return .failed(error)
    }
  }
}
