import Datasets
import Foundation
import Images
package import Tensors
package import Threads

/// How fast examples come from files or from memory.
package struct DataSpeed: Sendable, Hashable {
  /// Where they come from and what is done.
  package let source: String
  /// The shape of an example in the file, where it is another than that in the batch.
  package let storedShape: Shape?
  /// The shape of an example in the batch.
  package let exampleShape: Shape
  /// How many threads may work.
  package let threadCount: Int
  /// Examples in a step of `timing`.
  package let exampleCount: Int
  /// How long all of them take.
  package let timing: StepTiming

  /// Examples a second in the median window.
  package var examplesPerSecond: Double { Double(exampleCount) / timing.median }
  /// Examples a second in the fastest window.
  package var examplesPerSecondBest: Double { Double(exampleCount) / timing.best }
}

/// Measures how fast made-up images are read and decoded, and how fast batches are made of them.
///
/// Files are in a temporary folder, and after the warm-up in the system's cache: this is the speed
/// of decoding, not of a disk.
package struct DataBenchmark {
  private let engine: Engine
  private let seconds: Double
  private let imageCount: Int
  private let batch: Int

  /// Prepares measurements.
  ///
  /// - Parameters:
  ///   - engine: Its threads fill batches; as many decode.
  ///   - imageCount: How many images there are of each kind.
  ///   - batch: Examples in a batch.
  ///   - seconds: How long to measure each kind.
  package init(engine: Engine, imageCount: Int, batch: Int, seconds: Double) {
    self.engine = engine
    self.imageCount = imageCount
    self.batch = batch
    self.seconds = seconds
  }

  /// Measures every kind, and hands each result over when it is there.
  ///
  /// - Throws: ``BenchmarkError`` if the images cannot be written; `MemoryError` if there is no memory for them; what `report` throws.
  package func measure(_ report: (DataSpeed) throws -> Void) throws {
    // Plain and packed, and made from an array, which ends the process where its memory is refused.
    try MemoryError.check(3 * imageCount * 28 * 28, for: "\(imageCount) made-up images")
    try MemoryError.check(2 * imageCount * 3073, for: "\(imageCount) made-up images")
    let files = try SyntheticImageFiles()
    for (name, compressed) in [("idx", false), ("idx gzip", true)] {
      let folder = try files.writeIDX(count: imageCount, side: 28, compressed: compressed)
      try report(
        speed(name, [28, 28, 1], count: imageCount, threadCount: 1) {
          _ = try IDXFolder(contentsOf: folder, part: .training)
        })
    }
    let mostThreads = engine.threadCount
    let cifarCount = max(imageCount / 5, 1) * 5
    let cifar = try files.writeCIFAR10(count: cifarCount)
    try report(
      speed("cifar-10", [32, 32, 3], count: cifarCount, threadCount: 1) {
        _ = try CIFARFolder(contentsOf: cifar, part: .training)
      })
    for (format, side, size) in [
      (SyntheticImageFiles.Format.png, 32, 32), (.jpeg, 32, 32), (.png, 256, 224),
      (.jpeg, 256, 224),
    ] {
      let count = max(2, side > 32 ? imageCount / 100 : imageCount / 10)
      let folder = try files.writeImages(format, count: count, side: side)
      for threadCount in Set([1, mostThreads]).sorted() {
        let dataset = try ImageFolderDataset(
          contentsOf: folder, size: (size, size), channels: 3,
          options: ImageOptions(cacheLimit: 0, threadCount: threadCount))
        let batches = try Batches(dataset, size: batch, prefetch: false)
        try report(
          speed(
            size == side ? format.rawValue : "\(format.rawValue), resized",
            storedShape: [side, side, 3], [size, size, 3], count: count,
            threadCount: dataset.decodingThreadCount
          ) {
            batches.start(at: 0)
            while try batches.next() != nil {}
          })
      }
    }
    let augmentation = Augmentation(horizontalFlip: true, shift: 4)
    for shape: Shape in [[28, 28, 1], [32, 32, 3], [224, 224, 3]] {
      let count = shape[0] > 32 ? max(2, imageCount / 100) : imageCount
      for threadCount in Set([1, mostThreads]).sorted() {
        for augmentation in [nil, augmentation] {
          try report(
            batches(of: shape, count: count, threadCount: threadCount, augmentation: augmentation))
        }
      }
    }
  }

  /// Batches of images in memory, in a new order each epoch.
  private func batches(
    of shape: Shape, count: Int, threadCount: Int, augmentation: Augmentation?
  ) throws -> DataSpeed {
    try MemoryError.check(2 * count * shape.count, for: "\(count) images of \(shape)")
    let dataset = try ByteImageDataset(
      pixels: [UInt8](repeating: 7, count: count * shape.count), imageShape: shape,
      labels: [Int32](repeating: 0, count: count))
    func order(_ epoch: Int) -> ExampleOrder { .shuffled(seed: 0, epoch: epoch) }
    let batches = try Batches(
      dataset, size: batch, order: order(0), augmentation: augmentation)
    batches.team = threadCount == 1 ? .serial : engine.team
    var epoch = 0
    return try speed(
      augmentation.map { "augmented by \($0)" } ?? "shuffled batches", shape, count: count,
      threadCount: threadCount
    ) {
      batches.start(order(epoch))
      epoch += 1
      while try batches.next() != nil {}
    }
  }

  private func speed(
    _ source: String, storedShape: Shape? = nil, _ shape: Shape, count: Int, threadCount: Int,
    _ body: () throws -> Void
  ) throws -> DataSpeed {
    let timing = try StepTiming.measuring(seconds: seconds, warmUpSteps: 1, body)
    return DataSpeed(
      source: source, storedShape: storedShape == shape ? nil : storedShape, exampleShape: shape,
      threadCount: threadCount, exampleCount: count, timing: timing)
  }
}
