import Kernels
import TestSupport
import Testing
import Threads

@Suite struct BatchNormalizationTests {
  private static let sizes = [
    (1, 5), (2, 1), (7, 3), (33, 65), (1000, 17), (40_000, 1), (1300, 130), (70, 2048),
  ]

  private struct Results: Equatable {
    var y: [Float]
    var runningMean: [Float]
    var runningVariance: [Float]
    var savedMean: [Float]
    var savedInverseDeviation: [Float]
    var dx: [Float]
    var dGamma: [Float]
    var dBeta: [Float]
  }

  private struct Arrays {
    let x: [Float]
    let dz: [Float]
    let gamma: [Float]
    let beta: [Float]
    let runningMean: [Float]
    let runningVariance: [Float]

    init(_ rows: Int, _ channels: Int, offset: Float = 0) {
      self.x = TestArrays.uniform(rows * channels, seed: 1).map { $0 + offset }
      self.dz = TestArrays.uniform(rows * channels, seed: 2)
      self.gamma = TestArrays.uniform(channels, seed: 3)
      self.beta = TestArrays.uniform(channels, seed: 4)
      self.runningMean = TestArrays.uniform(channels, seed: 5)
      self.runningVariance = TestArrays.uniform(channels, seed: 6).map { abs($0) + 0.5 }
    }
  }

  private static let epsilon: Float = 1e-3
  private static let momentum: Float = 0.75

  private static func train(
    _ rows: Int, _ channels: Int, _ arrays: Arrays, threads: Int = 1, affine: Bool = true,
    initial: Float? = nil
  ) -> Results {
    let team = WorkerTeam(threadCount: threads)
    let vector = [Float](repeating: initial ?? .nan, count: channels)
    let matrix = [Float](repeating: initial ?? .nan, count: rows * channels)
    var r = Results(
      y: matrix, runningMean: arrays.runningMean, runningVariance: arrays.runningVariance,
      savedMean: vector, savedInverseDeviation: vector, dx: matrix, dGamma: vector, dBeta: vector)
    let count = BatchNormalization.forwardScratchCount(
      rows: rows, channels: channels, isTraining: true)
    arrays.gamma.withUnsafeBufferPointer { gamma in
      arrays.beta.withUnsafeBufferPointer { beta in
        withScratch(count) {
          BatchNormalization.forwardTraining(
            rows: rows, channels: channels, x: arrays.x,
            gamma: affine ? gamma.baseAddress : nil, beta: affine ? beta.baseAddress : nil,
            epsilon: epsilon, momentum: momentum, runningMean: &r.runningMean,
            runningVariance: &r.runningVariance, savedMean: &r.savedMean,
            savedInverseDeviation: &r.savedInverseDeviation, function: .relu, parameter: 0,
            y: &r.y, scratch: $0, team: team)
        }
        var dz = arrays.dz
        dz.withUnsafeMutableBufferPointer { dz in
          guard let dz = dz.baseAddress else { return }
          withScratch(BatchNormalization.backwardScratchCount(channels: channels)) {
            BatchNormalization.backwardTraining(
              rows: rows, channels: channels, x: arrays.x,
              gamma: affine ? gamma.baseAddress : nil, savedMean: r.savedMean,
              savedInverseDeviation: r.savedInverseDeviation,
              result: BatchNormalization.ResultGradient(dz), dx: &r.dx,
              accumulate: initial != nil, dGamma: &r.dGamma, dBeta: &r.dBeta,
              accumulateParameters: initial != nil, scratch: $0, team: team)
          }
        }
      }
    }
    return r
  }

  @Test(arguments: sizes)
  func training(_ rows: Int, _ channels: Int) {
    let arrays = Arrays(rows, channels)
    let reference = ReferenceBatchNormalization(
      channels: channels, x: arrays.x.map(Double.init), epsilon: Double(Self.epsilon))
    let dz = arrays.dz.map(Double.init)
    var dGamma = [Double](repeating: 0, count: channels)
    var dBeta = [Double](repeating: 0, count: channels)
    for (index, value) in dz.enumerated() {
      dGamma[index % channels] += value * reference.normalized[index]
      dBeta[index % channels] += value
    }
    let size = max(1, Double(rows).squareRoot())
    for affine in [true, false] {
      for initial in [nil, Float(3)] {
        let r = Self.train(rows, channels, arrays, affine: affine, initial: initial)
        let offset = Double(initial ?? 0)
        let y = reference.normalized.enumerated().map { index, value in
          let c = index % channels
          return max(
            0, affine ? value * Double(arrays.gamma[c]) + Double(arrays.beta[c]) : value)
        }
        let dx = reference.normalized.enumerated().map { index, value in
          let c = index % channels
          let inner = dz[index] - dBeta[c] / Double(rows) - value * dGamma[c] / Double(rows)
          let deviation = (reference.variance[c] + Double(Self.epsilon)).squareRoot()
          return inner / deviation * (affine ? Double(arrays.gamma[c]) : 1) + offset
        }
        expectClose(r.y, y, absolute: 2e-6, "y")
        expectClose(r.dx, dx, absolute: 2e-5, "dx")
        expectClose(r.dGamma, dGamma.map { $0 + offset }, absolute: 2e-6 * size, "dGamma")
        expectClose(r.dBeta, dBeta.map { $0 + offset }, absolute: 2e-6 * size, "dBeta")
        expectClose(r.savedMean, reference.mean, absolute: 1e-6, "mean")
        expectClose(
          r.savedInverseDeviation,
          reference.variance.map { 1 / ($0 + Double(Self.epsilon)).squareRoot() },
          relative: 1e-6, "1 / deviation")
        expectClose(
          r.runningMean,
          zip(arrays.runningMean, reference.mean).map { 0.75 * Double($0) + 0.25 * $1 },
          absolute: 1e-6, "running mean")
        expectClose(
          r.runningVariance,
          zip(arrays.runningVariance, reference.variance).map { 0.75 * Double($0) + 0.25 * $1 },
          absolute: 1e-6, "running variance")
      }
    }
  }

  /// A mean far from zero must not spoil the variance, as E[x²] − E[x]² would.
  @Test func meanFarFromZero() {
    let arrays = Arrays(5000, 3, offset: 1000)
    let reference = ReferenceBatchNormalization(
      channels: 3, x: arrays.x.map(Double.init), epsilon: Double(Self.epsilon))
    let r = Self.train(5000, 3, arrays)
    expectClose(r.savedMean, reference.mean, relative: 2e-7)
    expectClose(
      r.savedInverseDeviation,
      reference.variance.map { 1 / ($0 + Double(Self.epsilon)).squareRoot() }, relative: 1e-5)
  }

  @Test(arguments: sizes)
  func threadsDoNotChangeBits(_ rows: Int, _ channels: Int) {
    let arrays = Arrays(rows, channels)
    let one = Self.train(rows, channels, arrays)
    for threads in [2, 3, 7] {
      let agree = Self.train(rows, channels, arrays, threads: threads) == one
      #expect(agree, "\(threads) threads")
    }
  }

  @Test(arguments: sizes)
  func inference(_ rows: Int, _ channels: Int) {
    let arrays = Arrays(rows, channels)
    let team = WorkerTeam(threadCount: 2)
    let reference = ReferenceBatchNormalization(
      channels: channels, x: arrays.x.map(Double.init), epsilon: Double(Self.epsilon),
      mean: arrays.runningMean.map(Double.init),
      variance: arrays.runningVariance.map(Double.init))
    var y = [Float](repeating: .nan, count: rows * channels)
    var dx = y
    var dGamma = [Float](repeating: .nan, count: channels)
    var dBeta = dGamma
    let count = BatchNormalization.forwardScratchCount(
      rows: rows, channels: channels, isTraining: false)
    withScratch(count) {
      BatchNormalization.forwardInference(
        rows: rows, channels: channels, x: arrays.x, gamma: arrays.gamma, beta: arrays.beta,
        epsilon: Self.epsilon, runningMean: arrays.runningMean,
        runningVariance: arrays.runningVariance, function: .identity, parameter: 0, y: &y,
        scratch: $0, team: team)
    }
    var dz = arrays.dz
    dz.withUnsafeMutableBufferPointer { dz in
      guard let dz = dz.baseAddress else { return }
      withScratch(BatchNormalization.backwardScratchCount(channels: channels)) {
        BatchNormalization.backwardInference(
          rows: rows, channels: channels, x: arrays.x, gamma: arrays.gamma,
          epsilon: Self.epsilon, runningMean: arrays.runningMean,
          runningVariance: arrays.runningVariance, result: BatchNormalization.ResultGradient(dz),
          dx: &dx, accumulate: false, dGamma: &dGamma, dBeta: &dBeta, scratch: $0, team: team)
      }
    }
    var expectedGamma = [Double](repeating: 0, count: channels)
    for (index, value) in reference.normalized.enumerated() {
      expectedGamma[index % channels] += value * Double(arrays.dz[index])
    }
    let size = max(1, Double(rows).squareRoot())
    expectClose(
      y,
      reference.normalized.enumerated().map {
        $1 * Double(arrays.gamma[$0 % channels]) + Double(arrays.beta[$0 % channels])
      }, absolute: 2e-6, "y")
    expectClose(
      dx,
      arrays.dz.enumerated().map {
        let c = $0 % channels
        let variance = Double(arrays.runningVariance[c]) + Double(Self.epsilon)
        return Double($1) * Double(arrays.gamma[c]) / variance.squareRoot()
      }, absolute: 2e-6, "dx")
    expectClose(dGamma, expectedGamma, absolute: 2e-6 * size, "dGamma")
    expectClose(
      dBeta, referenceColumnSums(arrays.dz, columns: channels), absolute: 2e-6 * size, "dBeta")
  }

  /// The gradient against central differences of the definition, in Double.
  @Test func gradientAgainstDifferences() {
    let (rows, channels) = (7, 3)
    let arrays = Arrays(rows, channels)
    let r = Self.train(rows, channels, arrays)
    func loss(_ x: [Double]) -> Double {
      let forward = ReferenceBatchNormalization(
        channels: channels, x: x, epsilon: Double(Self.epsilon))
      return forward.normalized.enumerated().reduce(0) {
        $0 + $1.element * Double(arrays.gamma[$1.offset % channels])
          * Double(arrays.dz[$1.offset])
      }
    }
    let x = arrays.x.map(Double.init)
    let expected = x.indices.map { index in
      var (above, below) = (x, x)
      above[index] += 1e-5
      below[index] -= 1e-5
      return (loss(above) - loss(below)) / 2e-5
    }
    expectClose(r.dx, expected, absolute: 1e-5)
  }
}
