import ArgumentParser
import Foundation
import Needletail

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Tell what images there are, and what a training would do with them.",
    discussion: """
      Parts, classes and their sizes, what the images are, what is left out and why, and all images that \
      cannot be read: every one is decoded. Nothing is trained.

      needletail data photos/
      needletail data digits --json
      """)

  @Argument(help: dataHelp)
  var data: String

  @OptionGroup var reading: DataReadingArguments
  @OptionGroup var pixels: ImageReadingArguments

  @Option(
    help: ArgumentHelp(
      "The shape of an image, as for train.", valueName: "height x width x channels"),
    transform: Shape.init(imageOption:))
  var input: Shape?

  @OptionGroup var classes: ClassCountArguments
  @OptionGroup var threads: ThreadArguments

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    // The engine ends at once: decoding has threads of its own.
    let threadCount = try threads.startEngine().threadCount
    let options = reading.options(threadCount: threadCount, reading: pixels.reading)
    let report = try DataReport(of: data, imageShape: input, classes: classes, options: options)
    try StandardOutput.line(
      json ? JSONValue.object(report.json).canonicalText : report.lines.joined(separator: "\n"))
  }
}
