import Needletail
import Threads

/// Writes predictions to standard output.
struct PredictionWriter: Sendable {
  /// What an answer is about.
  enum Source: Sendable {
    /// A line of standard input, by its number from 1.
    case row(Int)
    /// A file, by its path.
    case file(String)

    var text: String {
      switch self {
      case .row(let number): "row \(number)"
      case .file(let path): path
      }
    }

    /// What errors call it.
    var place: String {
      switch self {
      case .row(let number): "standard input, row \(number)"
      case .file(let path): path
      }
    }
  }

  /// What there is to say about an example.
  enum Answer: Sendable {
    case predicted(ClassPrediction)
    case failed(any Error)

    /// What is wrong, if anything is.
    var error: (any Error)? {
      if case .failed(let error) = self { error } else { nil }
    }
  }

  private let format: Predict.Format
  private let classNames: [String]
  /// The names as they are written: the same few thousands of times.
  private let writtenNames: [String]
  private let team: WorkerTeam

  /// So many answers a thread puts into words at a time.
  private static let chunkSize = 16

  /// - Parameter team: The threads that put answers into words.
  init(format: Predict.Format, classNames: [String], team: WorkerTeam) {
    self.format = format
    self.classNames = classNames
    self.team = team
    writtenNames = classNames.map {
      format == .json ? JSONValue.string($0).canonicalText : CSVField.text(of: $0)
    }
  }

  /// Writes what comes before the first prediction.
  func begin() throws {
    guard format == .csv else { return }
    let columns =
      ["source", "label", "class"] + classNames.map { "probability of \($0)" } + ["error"]
    try StandardOutput.line(columns.map(CSVField.text).joined(separator: ","))
  }

  /// Writes answers, each with what it is about.
  func write(_ answers: [Answer], _ sources: [Source]) throws {
    let chunkCount = (answers.count + Self.chunkSize - 1) / Self.chunkSize
    let parts = Lock([Text](repeating: Text(), count: chunkCount))
    team.run(count: answers.count, chunkSize: Self.chunkSize) { part in
      var text = Text()
      for index in part {
        switch format {
        case .json: writeObject(answers[index], sources[index], to: &text)
        case .csv: writeRow(answers[index], sources[index], to: &text)
        }
        text += "\n"
      }
      let written = text
      parts.withLock { $0[part.lowerBound / Self.chunkSize] = written }
    }
    try StandardOutput.write(parts.withLock { $0.reduce(into: []) { $0 += $1.bytes } })
  }

  /// An object with its keys in order, as `JSONValue` would write it: a tenth of its time.
  private func writeObject(_ answer: Answer, _ source: Source, to text: inout Text) {
    switch answer {
    case .predicted(let prediction):
      text += "{\"class\":"
      text += writtenNames[prediction.label]
      text += ",\"label\":\(prediction.label),\"probabilities\":["
      for (index, probability) in prediction.probabilities.enumerated() {
        if index > 0 { text += "," }
        text += probability.isFinite ? probability.description : "null"
      }
      text += "]"
    case .failed(let error):
      text += "{\"error\":"
      text += JSONValue.string("\(error)").canonicalText
      if case .row(let number) = source { text += ",\"line\":\(number)" }
    }
    text += ",\"source\":"
    switch source {
    case .row(let number): text += "\"row \(number)\""
    case .file(let path): text += JSONValue.string(path).canonicalText
    }
    text += "}"
  }

  private func writeRow(_ answer: Answer, _ source: Source, to text: inout Text) {
    text += CSVField.text(of: source.text)
    switch answer {
    case .predicted(let prediction):
      text += ",\(prediction.label),"
      text += writtenNames[prediction.label]
      for probability in prediction.probabilities {
        text += ","
        text += probability.description
      }
      text += ","
    case .failed(let error):
      text += String(repeating: ",", count: 3 + classNames.count)
      text += CSVField.text(of: "\(error)")
    }
  }

  /// Text in UTF-8, which grows by short pieces faster than a `String` does.
  private struct Text: Sendable {
    var bytes: [UInt8] = []

    static func += (text: inout Text, addition: String) {
      text.bytes.append(contentsOf: addition.utf8)
    }
  }
}
