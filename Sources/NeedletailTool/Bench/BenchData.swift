import ArgumentParser
import Benchmarks
import Evaluation
import Needletail

struct BenchData: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Measure how fast images are decoded and made into batches.",
    discussion: """
      Made-up images in MNIST's, CIFAR-10's, PNG and JPEG files, in a temporary folder; and batches \
      of images in memory in a new order each epoch, as they are and augmented.
      """)

  @OptionGroup var threads: ThreadArguments
  @OptionGroup var output: BenchOutputArguments

  @Option(
    help: "How many images a batch has. (default: 64)", transform: OptionNumber.benchmarkBatch)
  var batch = 64

  @Option(
    help: """
      How many images there are of each kind; of image files a tenth, of large images a hundredth. \
      (default: 10000)
      """, transform: OptionNumber.whole(10...1_000_000))
  var images = 10_000

  @Option(
    help: "How many seconds to measure each kind. (default: 1)", transform: OptionNumber.seconds)
  var seconds = 1.0

  func run() throws {
    let engine = try threads.startEngine()
    let benchmark = DataBenchmark(
      engine: engine, imageCount: images, batch: batch, seconds: seconds)
    var table = TextTable(header: [
      "images", "in files", "in batches", "threads", "images/s", "best",
    ])
    try benchmark.measure { speed in
      let shape = speed.exampleShape.dimensions
      let stored = speed.storedShape?.dimensions ?? shape
      if output.json {
        try StandardOutput.line(
          JSONValue.object([
            "kind": .string("data"), "source": .string(speed.source),
            "stored_shape": .array(stored.map(JSONValue.integer)),
            "shape": .array(shape.map(JSONValue.integer)),
            "threads": .integer(speed.threadCount), "images": .integer(speed.exampleCount),
            "batch": .integer(batch),
            "images_per_second_best": .finite(speed.examplesPerSecondBest),
            "images_per_second_median": .finite(speed.examplesPerSecond),
          ]).canonicalText)
      }
      table.add([
        speed.source, BenchText.shape(stored), BenchText.shape(shape), "\(speed.threadCount)",
        BenchText.rate(speed.examplesPerSecond), BenchText.rate(speed.examplesPerSecondBest),
      ])
    }
    if !output.json { try StandardOutput.write(table.text) }
  }
}
