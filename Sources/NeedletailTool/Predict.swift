import ArgumentParser
import FilePaths
import Foundation
import Needletail

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classify images, or rows of numbers.",
    discussion: """
      Prints a line for each image or row, in order and as soon as it is known. Folders are \
      searched for PNG, JPEG and WebP files. Without images, rows are read from standard input: one \
      example a line, its numbers parted by commas or spaces. A bad image or row gets a line that \
      says what is wrong, and the others go on; so does one for which the model's outputs are no \
      finite numbers.

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

  @Flag(help: "Skip the first line of the rows: a head with the columns' names.")
  var header = false

  @Flag(
    help:
      "Stop at the first bad row; of images, name all bad ones before the first answer, and stop.")
  var strict = false

  @Flag(help: "Leave out image files that cannot be read, and count them.")
  var skipBad = false

  @OptionGroup var limits: ImageLimitArguments

  @OptionGroup var engine: EngineArguments

  @Argument(help: "Images and folders of images; none or '-' for rows on standard input.")
  var images: [String] = []

  func run() throws {
    let readsRows = images.isEmpty || images == ["-"]
    if !readsRows && images.contains("-") {
      throw ValidationError(
        "'-': expected alone, for rows on standard input, found beside images; an image of that name is "
          + "./-.")
    }
    if images.isEmpty && StandardInput.isTerminal {
      throw OptionError(
        "images", expected: "images, folders, or rows of numbers on standard input",
        found: "a terminal", advice: "name images, or pipe rows into the command")
    }
    if header && !readsRows {
      throw OptionError("--header", expected: "rows on standard input", found: "images")
    }
    if skipBad && (readsRows || strict) {
      throw OptionError(
        "--skip-bad", expected: "images, without --strict", found: strict ? "--strict" : "rows")
    }
    let engine = try engine.start()
    let model = try Model(contentsOf: URL(pathText: model), engine: engine)
    let shape = try model.singleInputShape()
    let classNames = (0..<(try model.classCount())).map(model.metadata.className)
    let writer = PredictionWriter(format: format, classNames: classNames, team: engine.team)
    try writer.begin()
    let predictor = Predictor(
      model: model, shape: shape,
      preparation: try ImagePreparation(ofModel: model.metadata.imagePreparation),
      limits: limits.limits, writer: writer, isStrict: strict, skipsBadFiles: skipBad)
    if readsRows {
      try predictor.predictRows(skippingHeader: header)
    } else {
      guard shape.rank == 3, [1, 3].contains(shape[2]) else {
        throw DatasetError(
          .mismatched, at: "images", expected: "a model of images, [height, width, 1 or 3]",
          found: "one of examples of the shape \(shape)",
          advice: "pipe rows of numbers into the command")
      }
      try predictor.predictImages(images)
      if predictor.skippedCount > 0 {
        StandardError.warn(
          "\(NumberText.count(predictor.skippedCount, "image")) left out that cannot be read.")
      }
    }
    if let failure = predictor.badExamples { throw failure }
  }
}

/// Examples that could not be read or predicted, in a command that went on without them.
struct BadExamples: Error, CustomStringConvertible {
  /// How many.
  var count = 1
  /// What was wrong with the first: decides the exit status.
  let first: any Error

  var description: String {
    count == 1
      ? "\(first)"
      : "\(NumberText.count(count, "example")) could not be predicted; the first: \(first)"
  }
}
