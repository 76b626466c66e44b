import ArgumentParser
import Foundation
import Needletail

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classify images, or rows of numbers.",
    discussion: """
      Prints a line for each image or row, in order and as soon as it is known. Folders are \
      searched for PNG and JPEG files. Without images, rows are read from standard input: one \
      example a line, its numbers parted by commas or spaces.

      needletail predict --model runs/1/model.safetensors photos/
      needletail predict --model runs/1/model.safetensors --format csv < rows.csv
      """)

  /// How predictions are written.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case json
    case csv
  }

  @Option(help: ArgumentHelp("The model's file.", valueName: "file"))
  var model: String

  @Option(help: "json: an object a line; csv: a head, then a row a line.")
  var format = Format.json

  @OptionGroup var engine: EngineArguments

  @Argument(help: "Images and folders of images; none or '-' for rows on standard input.")
  var images: [String] = []

  func run() throws {
    let readsRows = images.isEmpty || images == ["-"]
    if images.isEmpty && StandardInput.isTerminal {
      throw ValidationError("Name images or folders, or pipe rows of numbers into the command.")
    }
    let engine = try engine.start()
    let model = try Model(contentsOf: URL(fileURLWithPath: model), engine: engine)
    let shape = try model.singleInputShape()
    let classCount = try model.classCount()
    let writer = PredictionWriter(format: format)
    try writer.begin((0..<classCount).map(model.metadata.className))
    if readsRows {
      try predictRows(model, shape, writer)
    } else {
      guard shape.rank == 3, [1, 3].contains(shape[2]) else {
        throw DatasetError(
          .mismatched, at: "images", expected: "a model of images, [height, width, 1 or 3]",
          found: "one of examples of the shape \(shape)",
          advice: "pipe rows of numbers into the command")
      }
      try predictImages(model, shape, writer, threadCount: engine.threadBudget.threadCount)
    }
  }

  private func predictRows(_ model: Model, _ shape: Shape, _ writer: PredictionWriter) throws {
    // A number in text has rarely more than 20 characters; much more is no row of numbers.
    var input = StandardInput(maximumLineLength: 64 * shape.count + 4096)
    var lineNumber = 0
    while case let lines = try input.nextLines(), !lines.isEmpty {
      var numbers: [Float] = []
      var sources: [String] = []
      var failure: (any Error)?
      func flush() throws {
        guard !sources.isEmpty else { return }
        let batch = Tensor(shape: Shape([sources.count] + shape.dimensions), numbers)
        try writer.write(model.classify(batch), sources)
        numbers.removeAll(keepingCapacity: true)
        sources.removeAll(keepingCapacity: true)
      }
      for line in lines {
        lineNumber += 1
        guard !line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) else { continue }
        do {
          try NumberRow.parse(
            line, count: shape.count, place: "standard input, row \(lineNumber)", into: &numbers)
        } catch {
          failure = error
          break
        }
        sources.append("row \(lineNumber)")
        if sources.count == Model.predictionBatchSize { try flush() }
      }
      try flush()
      if let failure { throw failure }
    }
  }

  private func predictImages(
    _ model: Model, _ shape: Shape, _ writer: PredictionWriter, threadCount: Int
  ) throws {
    for path in images {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      let url = URL(fileURLWithPath: path)
      let files = exists && isFolder.boolValue ? try ImageFiles.list(in: url) : [url]
      for start in stride(from: 0, to: files.count, by: Model.predictionBatchSize) {
        let portion = files[start..<min(start + Model.predictionBatchSize, files.count)]
        let (batch, failure) = ImageFiles.decode(portion, shape: shape, threadCount: threadCount)
        if batch.shape[0] > 0 {
          let names = portion.prefix(batch.shape[0]).map(\.relativePath)
          try writer.write(model.classify(batch), names)
        }
        if let failure { throw failure }
      }
    }
  }
}
