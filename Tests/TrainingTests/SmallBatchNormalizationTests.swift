import Needletail
import Testing

/// Batch normalisation in epochs whose last batch is smaller than the others.
@Suite struct SmallBatchNormalizationTests {
  private static let batchSize = 8

  private func inputs(_ count: Int, size: Int) -> [Float] {
    (0..<count * size).map { Float(($0 * 37) % 101) / 10 }
  }

  private func start(
    of model: inout Model, count: Int, shape: [Int], batchSize: Int = batchSize,
    trains: Bool = true
  ) throws -> TrainingStart {
    let size = shape.reduce(1, *)
    let data = try InMemoryDataset(
      inputs: Tensor(shape: Shape([count] + shape), inputs(count, size: size)),
      labels: (0..<count).map { Int32($0 % 2) })
    var start: TrainingStart?
    try Trainer(loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.01)).fit(
      &model, to: data, epochs: 1, batchSize: batchSize, shuffles: false
    ) { event in
      if case .started(let found) = event { start = found }
      return trains ? .continue : .stop
    }
    return try #require(start)
  }

  /// Normalises the input itself, whose moments are known.
  private func model(_ shape: [Int]) throws -> Model {
    let network = Sequential {
      BatchNorm()
      Flatten()
      Dense(outputSize: 2)
    }
    return try Model(network, inputShape: Shape(shape), seed: 1)
  }

  /// The running statistics of the first channel after batches of rows of `channels` numbers.
  private func expected(_ batches: [(rows: Range<Int>, share: Double)], channels: Int) -> (
    mean: Double, variance: Double
  ) {
    let last = batches.map(\.rows.upperBound).max() ?? 0
    let values = inputs(last, size: channels)
    return batches.reduce((0, 1)) { running, batch in
      let x = batch.rows.map { Double(values[$0 * channels]) }
      let mean = x.reduce(0, +) / Double(x.count)
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
      let part = 0.1 * batch.share
      return (running.0 * (1 - part) + mean * part, running.1 * (1 - part) + variance * part)
    }
  }

  private func expectStatistics(
    _ model: Model, _ expected: (mean: Double, variance: Double),
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let mean = try model.value(of: "0.running_mean").elements[0]
    let variance = try model.value(of: "0.running_variance").elements[0]
    #expect(abs(Double(mean) - expected.mean) < 1e-5, sourceLocation: sourceLocation)
    #expect(abs(Double(variance) - expected.variance) < 1e-5, sourceLocation: sourceLocation)
  }

  @Test func aSingleExampleLeavesTheStatisticsAlone() throws {
    var whole = try model([3])
    var one = whole
    _ = try start(of: &whole, count: 8, shape: [3])
    _ = try start(of: &one, count: 9, shape: [3])
    for name in ["0.running_mean", "0.running_variance"] {
      #expect(try one.value(of: name) == whole.value(of: name))
    }
    try expectStatistics(one, expected([(0..<8, 1)], channels: 3))
    // The step itself is made.
    #expect(try one.value(of: "2.bias") != whole.value(of: "2.bias"))
  }

  @Test func aSmallLastBatchCountsByItsShare() throws {
    var model = try model([3])
    _ = try start(of: &model, count: 10, shape: [3])
    try expectStatistics(model, expected([(0..<8, 1), (8..<10, 0.25)], channels: 3))
  }

  @Test func aSingleImageCountsByItsShareOfThePixels() throws {
    var model = try model([2, 2, 3])
    _ = try start(of: &model, count: 9, shape: [2, 2, 3])
    // 4 rows an image.
    try expectStatistics(model, expected([(0..<32, 1), (32..<36, 0.125)], channels: 3))
  }

  @Test func wholeBatchesCountAsTheyDid() throws {
    var model = try model([3])
    _ = try start(of: &model, count: 16, shape: [3])
    try expectStatistics(model, expected([(0..<8, 1), (8..<16, 1)], channels: 3))
  }

  @Test func batchesOfOneLeaveFirstStatisticsWhereThereIsNoVariance() throws {
    var model = try model([3])
    let start = try start(of: &model, count: 4, shape: [3], batchSize: 1)
    #expect(try model.value(of: "0.running_variance").elements == [1, 1, 1])
    #expect(start.warnings.count == 1)
    #expect(start.warnings.first?.contains("nothing is learned through it") == true)
  }

  @Test func singleExamplesAreWarnedAbout() throws {
    func warnings(_ count: Int, _ shape: [Int], batch: Int) throws -> [String] {
      var model = try model(shape)
      return try start(of: &model, count: count, shape: shape, batchSize: batch, trains: false)
        .warnings
    }
    let last = try warnings(65, [3], batch: 64)
    #expect(last.count == 1)
    #expect(last.first?.hasPrefix("The last batch of each epoch has 1 example, for which ") == true)
    #expect(last.first?.hasSuffix("Batches of 63 leave no single example.") == true)
    let images = try warnings(6, [2, 2, 3], batch: 1)
    #expect(images.count == 1)
    #expect(images.first?.contains("normalises each example by itself") == true)
    #expect(try warnings(65, [2, 2, 3], batch: 64) == [])
    #expect(try warnings(66, [3], batch: 64) == [])
    #expect(try warnings(64, [3], batch: 64) == [])
    // All are seen at once.
    #expect(try warnings(5, [3], batch: 64) == [])
    var plain = try Model(Sequential { Dense(outputSize: 2) }, inputShape: [3], seed: 1)
    #expect(
      try start(of: &plain, count: 5, shape: [3], batchSize: 1, trains: false).warnings == [])
  }
}
