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
  /// Whether a head was skipped, so that the first row need not be taken for one.
  let isAfterHeader: Bool

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
    let place = { PredictionWriter.Source.row(firstLine + index).place }
    guard !lines[index].isTooLong else {
      return .failed(
        DatasetError(
          .tooLarge, at: place(), expected: "lines of at most \(maximumLineLength) bytes",
          found: "a longer one", advice: "write one example a line"))
    }
    let text = Self.withoutMark(lines[index].bytes(in: bytes))
    guard !text.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) else { return .blank }
    do {
      let row = numbers[index * count..<(index + 1) * count]
      try NumberRow.parse(text, place: place(), into: UnsafeMutableBufferPointer(rebasing: row))
      return .numbers
    } catch {
      return .failed(advised(error, index, text))
    }
  }

  /// A line without UTF-8's byte-order mark: files that were joined have one at the start of each.
  private static func withoutMark(
    _ line: UnsafeBufferPointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8> {
    line.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeBufferPointer(rebasing: line.dropFirst(3)) : line
  }

  /// The error, with advice where the first row has words, as heads do.
  private func advised(
    _ error: DatasetError, _ index: Int, _ text: UnsafeBufferPointer<UInt8>
  ) -> DatasetError {
    guard firstLine + index == 1, !isAfterHeader, Self.hasWords(text) else { return error }
    var error = error
    error.advice += ", or skip a head with --header"
    return error
  }

  /// Whether there are letters beside those that numbers have, as in `1e5`, `0x1p3`, `nan` and `inf`.
  private static func hasWords(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    let separators = Set(" \t\r,;|\"'".utf8)
    return line.split { separators.contains($0) }.contains { word in
      let text = String(decoding: word.prefix(64), as: UTF8.self)
      return text.contains { $0.isLetter || $0 == "_" } && Double(text) == nil
    }
  }
}
