import FilePaths
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
  private let skipsBadFiles: Bool
  private let preparation: ImagePreparation
  private let limits: ImageLimits
  private let team: WorkerTeam
  /// The most examples in a portion: as many as a prediction runs at once, fewer of large ones.
  private let portionSize: Int

  /// Looks at the first examples; nil once there is nothing more to look for.
  private var scaleCheck: InputScaleCheck?

  /// How many images were left out because they cannot be read.
  private(set) var skippedCount = 0

  /// What could not be read or predicted so far; nil if nothing.
  private(set) var badExamples: BadExamples?

  init(
    model: Model, shape: Shape, preparation: ImagePreparation, limits: ImageLimits,
    writer: PredictionWriter, isStrict: Bool, skipsBadFiles: Bool
  ) {
    self.model = model
    self.shape = shape
    self.writer = writer
    self.isStrict = isStrict
    self.skipsBadFiles = skipsBadFiles
    self.preparation = preparation
    self.limits = limits
    team = model.engine.team
    scaleCheck = InputScaleCheck(model)
    portionSize = max(1, min(Model.predictionBatchSize, (4 << 20) / max(shape.count, 1)))
  }

  // MARK: Rows

  /// - Parameter skippingHeader: Whether the first line is no row.
  func predictRows(skippingHeader: Bool) throws {
    let size = shape.count
    // A number in text has rarely more than 20 characters; much more is no row of numbers.
    let lineLength = 64 * size + 4096
    try MemoryError.check(lineLength, for: "a row of \(size) numbers in text")
    var portion = try Tensor(
      zeros: Shape([portionSize] + shape.dimensions), for: "\(portionSize) rows of \(size) numbers")
    var input = StandardInput(maximumLineLength: lineLength)
    var lineNumber = 0
    while case var lines = try input.nextLines(atMost: portionSize), !lines.isEmpty {
      if skippingHeader && lineNumber == 0 {
        lines.removeFirst()
        lineNumber = 1
      }
      let outcomes = input.withBytes { bytes in
        portion.withUnsafeMutableElements { numbers in
          RowParser(
            lines: lines, bytes: bytes, firstLine: lineNumber + 1, count: size, numbers: numbers,
            maximumLineLength: lineLength, isAfterHeader: skippingHeader
          ).parse(team: team)
        }
      }
      let places = outcomes.indices.filter { !outcomes[$0].isBlank }
      let firstLine = lineNumber + 1
      lineNumber += lines.count
      try answer(
        places.map { .row(firstLine + $0) }, places.map { outcomes[$0].error }
      ) { kept in
        kept.count == portionSize ? portion : examples(kept.map { places[$0] }, of: portion)
      }
    }
  }

  /// Some examples of a tensor, side by side.
  private func examples(_ indices: [Int], of tensor: Tensor) -> Tensor {
    let size = shape.count
    return tensor.withUnsafeElements { source in
      Tensor(shape: Shape([indices.count] + shape.dimensions)) { target in
        for (slot, index) in indices.enumerated() {
          let row = UnsafeBufferPointer(rebasing: source[index * size..<(index + 1) * size])
          _ = UnsafeMutableBufferPointer(rebasing: target[(slot * size)...])
            .update(fromContentsOf: row)
        }
      }
    }
  }

  // MARK: Images

  /// An image, and what answers call it: the path that was given, and the rest of it in a folder.
  private struct ImageFile {
    let name: String
    let url: URL
  }

  private func imageFiles(at path: String) throws -> [ImageFile] {
    let url = URL(pathText: path)
    guard FileSystem.isFolder(path) else { return [ImageFile(name: path, url: url)] }
    let folder = String(path.reversed().drop { $0 == "/" }.reversed())
    let found = try ImageFiles.find(in: url)
    let told = (found.leftOut.map { "left out: \($0)" } + found.notes).joined(separator: "; ")
    if !told.isEmpty { StandardError.warn("\(folder): \(told).") }
    return found.files.map { file in
      let rest = file.path.utf8.dropFirst(url.path.utf8.count)
      return ImageFile(name: folder + String(decoding: rest, as: UTF8.self), url: file)
    }
  }

  /// Predicts images, after a look at all of them.
  ///
  /// Those that cannot be read are named at once; each then has an error in its place, or ends the command
  /// before the first answer, or is left out.
  func predictImages(_ paths: [String]) throws {
    // Files are brought to the range that the model's file tells.
    if model.metadata.imagePreparation != nil { scaleCheck = nil }
    var files = try paths.flatMap(imageFiles)
    let bad = try ImageFiles.check(
      files.map(\.url), limits: limits, threadCount: team.threadCount)
    if !bad.isEmpty {
      let problems = ImageProblems(
        paths: paths, imageCount: files.count, problems: bad.map(\.error))
      if isStrict { throw problems }
      if skipsBadFiles {
        let indices = Set(bad.map(\.index))
        files = files.indices.filter { !indices.contains($0) }.map { files[$0] }
        skippedCount += bad.count
      } else if bad.count > 1 {
        StandardError.warn("\(problems)")
      }
    }
    for start in stride(from: 0, to: files.count, by: portionSize) {
      try predict(files[start..<min(start + portionSize, files.count)])
    }
  }

  private func predict(_ files: ArraySlice<ImageFile>) throws {
    guard !files.isEmpty else { return }
    let decoded = try ImageFiles.decode(
      files.map(\.url), shape: shape, preparation: preparation, limits: limits,
      threadCount: team.threadCount)
    var errors = [(any Error)?](repeating: nil, count: files.count)
    for failure in decoded.failures { errors[failure.index] = failure.error }
    if skipsBadFiles && !decoded.failures.isEmpty {
      skippedCount += decoded.failures.count
      let read = zip(files, errors).filter { $0.1 == nil }.map(\.0)
      return try answer(
        read.map { .file($0.name) }, [(any Error)?](repeating: nil, count: read.count)
      ) { _ in decoded.images }
    }
    try answer(files.map { .file($0.name) }, errors) { kept in
      // Those that were decoded lie side by side, and those kept are the first of them.
      examples(Array(kept.indices), of: decoded.images)
    }
  }

  // MARK: Answers

  /// Predicts those examples that have no error, and writes a line for each.
  ///
  /// - Parameters:
  ///   - sources: What each example is.
  ///   - errors: What is wrong with each.
  ///   - examples: The examples of the given indices side by side.
  private func answer(
    _ sources: [PredictionWriter.Source], _ errors: [(any Error)?],
    _ examples: (_ kept: [Int]) -> Tensor
  ) throws {
    let end = isStrict ? errors.firstIndex { $0 != nil } ?? errors.count : errors.count
    let kept = (0..<end).filter { errors[$0] == nil }
    var answers = errors.map { $0.map(PredictionWriter.Answer.failed) }
    if !kept.isEmpty {
      let examples = examples(kept)
      if let warning = scaleCheck?.warning(for: examples, from: sources[kept[0]]) {
        StandardError.warn(warning)
      }
      if scaleCheck?.isDone == true { scaleCheck = nil }
      for (index, prediction) in zip(kept, try model.classify(examples)) {
        answers[index] =
          prediction.isFinite ? .predicted(prediction) : .failed(overflow(of: sources[index]))
      }
    }
    let failures = answers.indices.filter { answers[$0]?.error != nil }
    let count = isStrict ? failures.first ?? answers.count : answers.count
    try writer.write(answers[..<count].compactMap(\.self), Array(sources[..<count]))
    for error in failures.compactMap({ answers[$0]?.error }) {
      if isStrict { throw error }
      if badExamples == nil {
        badExamples = BadExamples(first: error)
      } else {
        badExamples?.count += 1
      }
    }
  }

  private func overflow(of source: PredictionWriter.Source) -> DatasetError {
    DatasetError(
      .malformed, at: source.place, expected: "finite numbers as the model's outputs",
      found: "an overflow or NaN", advice: "check the scale of the numbers that go in")
  }
}
