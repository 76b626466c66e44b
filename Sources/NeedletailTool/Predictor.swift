import Foundation
import Needletail
import Threads

/// Reads examples a portion at a time, predicts them, writes the answers in order.
///
/// Holds one portion: its memory does not depend on how many there are.
final class Predictor {
  private let model: Model
  private let shape: Shape
  private let writer: PredictionWriter
  private let isStrict: Bool
  private let team: WorkerTeam
  /// The most examples in a portion: as many as a prediction runs at once, fewer of large ones.
  private let portionSize: Int

  /// What could not be read so far; nil if nothing.
  private(set) var badExamples: BadExamples?

  init(model: Model, shape: Shape, writer: PredictionWriter, isStrict: Bool) {
    self.model = model
    self.shape = shape
    self.writer = writer
    self.isStrict = isStrict
    team = model.engine.team
    portionSize = max(1, min(Model.predictionBatchSize, (4 << 20) / max(shape.count, 1)))
  }

  // MARK: Rows

  func predictRows() throws {
    let size = shape.count
    // A number in text has rarely more than 20 characters; much more is no row of numbers.
    let lineLength = 64 * size + 4096
    try MemoryError.check(lineLength, for: "a row of \(size) numbers in text")
    let numbers = try AlignedBuffer<Float>(
      count: portionSize * size, for: "\(portionSize) rows of \(size) numbers")
    var input = StandardInput(maximumLineLength: lineLength)
    var lineNumber = 0
    while case let lines = try input.nextLines(atMost: portionSize), !lines.isEmpty {
      let outcomes = input.withBytes { bytes in
        RowParser(
          lines: lines, bytes: bytes, firstLine: lineNumber + 1, count: size, numbers: numbers,
          maximumLineLength: lineLength
        ).parse(team: team)
      }
      let places = outcomes.indices.filter { !outcomes[$0].isBlank }
      let firstLine = lineNumber + 1
      lineNumber += lines.count
      try answer(
        places.map { .row(firstLine + $0) }, places.map { outcomes[$0].error }
      ) { kept, tensor in
        for (slot, index) in kept.enumerated() {
          let row = numbers.pointer + places[index] * size
          tensor.baseAddress?.advanced(by: slot * size).update(from: row, count: size)
        }
      }
    }
  }

  // MARK: Images

  func predictImages(_ paths: [String]) throws {
    var pending: [URL] = []
    for path in paths {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      let url = URL(fileURLWithPath: path)
      do {
        pending += exists && isFolder.boolValue ? try ImageFiles.list(in: url) : [url]
      } catch {
        try predict(pending[...])
        throw error
      }
      // Files named one by one make whole portions, too.
      while pending.count >= portionSize {
        try predict(pending.prefix(portionSize))
        pending.removeFirst(portionSize)
      }
    }
    try predict(pending[...])
  }

  private func predict(_ files: ArraySlice<URL>) throws {
    guard !files.isEmpty else { return }
    let decoded = try ImageFiles.decode(files, shape: shape, threadCount: team.threadCount)
    var errors = [(any Error)?](repeating: nil, count: files.count)
    for failure in decoded.failures { errors[failure.index] = failure.error }
    let size = shape.count
    try answer(files.map { .file($0.relativePath) }, errors) { kept, tensor in
      // Those that were decoded lie side by side, and those kept are the first of them.
      decoded.images.withUnsafeElements { images in
        _ = tensor.update(fromContentsOf: images[..<(kept.count * size)])
      }
    }
  }

  // MARK: Answers

  /// Predicts those examples that have no error, and writes a line for each.
  ///
  /// - Parameters:
  ///   - sources: What each example is.
  ///   - errors: What is wrong with each.
  ///   - fill: Puts the examples of the given indices side by side.
  private func answer(
    _ sources: [PredictionWriter.Source], _ errors: [(any Error)?],
    _ fill: (_ kept: [Int], UnsafeMutableBufferPointer<Float>) -> Void
  ) throws {
    let end = isStrict ? errors.firstIndex { $0 != nil } ?? errors.count : errors.count
    let kept = (0..<end).filter { errors[$0] == nil }
    var predictions: [ClassPrediction] = []
    if !kept.isEmpty {
      predictions = try model.classify(
        Tensor(shape: Shape([kept.count] + shape.dimensions)) { fill(kept, $0) })
    }
    var next = 0
    let answers = (0..<end).map { index -> PredictionWriter.Answer in
      if let error = errors[index] { return .failed(error) }
      defer { next += 1 }
      return .predicted(predictions[next])
    }
    try writer.write(answers, Array(sources[..<end]))
    for error in errors.compactMap(\.self) {
      if isStrict { throw error }
      if badExamples == nil {
        badExamples = BadExamples(first: error)
      } else {
        badExamples?.count += 1
      }
    }
  }
}
