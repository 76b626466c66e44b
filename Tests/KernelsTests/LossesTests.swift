import Kernels
import TestSupport
import Testing
import Threads

@Suite struct LossesTests {
  struct CrossEntropyCase: Sendable {
    var rows = 40
    var columns: Int
    var smoothing: Float = 0
    var weighted = false
  }

  static let cases = [1, 2, 7, 10, 16, 17, 65, 1000].flatMap { columns in
    [
      CrossEntropyCase(columns: columns), CrossEntropyCase(columns: columns, smoothing: 0.1),
      CrossEntropyCase(columns: columns, weighted: true),
      CrossEntropyCase(rows: 3, columns: columns, smoothing: 0.3, weighted: true),
    ]
  }

  private func gradient(
    _ x: [[Double]], of loss: ([[Double]]) -> Double
  ) -> [Double] {
    // Some elements are enough, and all would take long.
    var x = x
    let every = x.count * x[0].count / 40 + 1
    return x.indices.flatMap { r in
      x[r].indices.map { c -> Double in
        if (r * x[r].count + c) % every != 0 { return .nan }
        let here = x[r][c]
        defer { x[r][c] = here }
        return ReferenceKernels.derivative(at: here) {
          x[r][c] = $0
          return loss(x)
        }
      }
    }
  }

  /// Compares where the reference was computed.
  private func expectClose(
    _ actual: [Float], whereKnown expected: [Double],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let known = expected.indices.filter { !expected[$0].isNaN }
    #expect(!known.isEmpty)
    TestSupport.expectClose(
      known.map { actual[$0] }, known.map { expected[$0] }, relative: 1e-4, absolute: 1e-8,
      sourceLocation: sourceLocation)
  }

  @Test(arguments: cases)
  func crossEntropyWithLabels(c: CrossEntropyCase) {
    let x = testValues(c.rows * c.columns).map { $0 * 4 }
    let labels = (0..<c.rows).map { Int32($0 * 7 % c.columns) }
    let weights = testValues(c.columns, seed: 3).map { $0 + 1.5 }
    let reference = { (x: [[Double]]) in
      ReferenceKernels.crossEntropy(
        x, labels: labels.map { Int($0) }, smoothing: Double(c.smoothing),
        weights: c.weighted ? weights.map { Double($0) } : nil)
    }
    let truth = rows(x, c.columns)
    let count = Losses.crossEntropyScratchCount(rows: c.rows, columns: c.columns)
    var first: ([Float], [Float]) = ([], [])
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var scratch = [Float](repeating: .nan, count: count)
      var probabilities = [Float](repeating: .nan, count: x.count)
      var dx = probabilities
      var (loss, weightSum): (Float, Float) = (.nan, .nan)
      weights.withUnsafeBufferPointer {
        let w = c.weighted ? $0.baseAddress : nil
        Losses.softmaxCrossEntropy(
          rows: c.rows, columns: c.columns, logits: x, labels: labels,
          labelSmoothing: c.smoothing, classWeights: w, probabilities: &probabilities,
          loss: &loss, weightSum: &weightSum, scratch: &scratch, team: team)
        var one: Float = 1
        Losses.softmaxCrossEntropyBackward(
          rows: c.rows, columns: c.columns, probabilities: probabilities, labels: labels,
          labelSmoothing: c.smoothing, classWeights: w, weightSum: &weightSum,
          lossGradient: &one, dx: &dx, accumulate: false, team: team)
      }
      if threads == 1 { first = ([loss], dx) }
      #expect(first == ([loss], dx))
    }
    TestSupport.expectClose(first.0, [reference(truth)], relative: 1e-6, absolute: 1e-7)
    expectClose(first.1, whereKnown: gradient(truth, of: reference))
  }

  @Test func crossEntropyGradientsAreScaledAddedAndWrittenInPlace() {
    let (count, columns) = (5, 17)
    let p = rows(testValues(85), columns).flatMap { ReferenceKernels.softmax($0) }.map { Float($0) }
    let labels: [Int32] = [0, 16, 3, 3, 8]
    let team = WorkerTeam(threadCount: 1)
    var (one, three, five): (Float, Float, Float) = (1, 3, 5)
    for smoothing in [Float(0), 0.2] {
      var plain = p
      Losses.softmaxCrossEntropyBackward(
        rows: count, columns: columns, probabilities: p, labels: labels,
        labelSmoothing: smoothing, weightSum: &five, lossGradient: &one, dx: &plain,
        accumulate: false, team: team)
      var same = p
      same.withUnsafeMutableBufferPointer {
        Losses.softmaxCrossEntropyBackward(
          rows: count, columns: columns, probabilities: $0.baseAddress!, labels: labels,
          labelSmoothing: smoothing, weightSum: &five, lossGradient: &one,
          dx: $0.baseAddress!, accumulate: false, team: team)
      }
      #expect(same == plain)
      var sum = [Float](repeating: 1, count: p.count)
      Losses.softmaxCrossEntropyBackward(
        rows: count, columns: columns, probabilities: p, labels: labels,
        labelSmoothing: smoothing, weightSum: &five, lossGradient: &three, dx: &sum,
        accumulate: true, team: team)
      TestSupport.expectClose(sum, plain.map { 1 + 3 * Double($0) }, relative: 1e-6)
    }
  }

  @Test(arguments: [Int32(-1), 4, .max, .min])
  func aLabelOutsideIsNotRead(label: Int32) {
    let x: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    var p = x
    var scratch: [Float] = [0, 0]
    var (loss, weightSum, one): (Float, Float, Float) = (0, 0, 1)
    let team = WorkerTeam(threadCount: 1)
    Losses.softmaxCrossEntropy(
      rows: 2, columns: 4, logits: x, labels: [1, label], labelSmoothing: 0.1,
      classWeights: [1, 1, 1, 1], probabilities: &p, loss: &loss, weightSum: &weightSum,
      scratch: &scratch, team: team)
    #expect(loss.isNaN)
    var dx = x
    weightSum = 2
    Losses.softmaxCrossEntropyBackward(
      rows: 2, columns: 4, probabilities: p, labels: [1, label], classWeights: [1, 1, 1, 1],
      weightSum: &weightSum, lossGradient: &one, dx: &dx, accumulate: false, team: team)
    #expect(dx[..<4] != [0, 0, 0, 0])
    #expect(dx[4...] == [0, 0, 0, 0])
  }

  @Test(arguments: cases)
  func crossEntropyWithDistributions(c: CrossEntropyCase) {
    let x = testValues(c.rows * c.columns).map { $0 * 4 }
    let targets = rows(testValues(x.count, seed: 5).map { $0 * 3 }, c.columns)
      .flatMap { ReferenceKernels.softmax($0) }.map { Float($0) }
    let weights = testValues(c.columns, seed: 3).map { $0 + 1.5 }
    let truth = rows(x, c.columns)
    let reference = { (x: [[Double]]) in
      ReferenceKernels.crossEntropy(
        x, targets: rows(targets, c.columns), smoothing: Double(c.smoothing),
        weights: c.weighted ? weights.map { Double($0) } : nil)
    }
    let team = WorkerTeam(threadCount: 2)
    var scratch = [Float](
      repeating: .nan, count: Losses.crossEntropyScratchCount(rows: c.rows, columns: c.columns))
    var probabilities = x
    var dx = x
    var (loss, one): (Float, Float) = (.nan, 1)
    weights.withUnsafeBufferPointer {
      let w = c.weighted ? $0.baseAddress : nil
      Losses.softmaxCrossEntropy(
        rows: c.rows, columns: c.columns, logits: x, targets: targets,
        labelSmoothing: c.smoothing, classWeights: w, probabilities: &probabilities,
        loss: &loss, scratch: &scratch, team: team)
      Losses.softmaxCrossEntropyBackward(
        rows: c.rows, columns: c.columns, probabilities: probabilities, targets: targets,
        labelSmoothing: c.smoothing, classWeights: w, lossGradient: &one, dx: &dx,
        accumulate: false, team: team)
    }
    TestSupport.expectClose([loss], [reference(truth)], relative: 1e-6, absolute: 1e-7)
    expectClose(dx, whereKnown: gradient(truth, of: reference))
  }

  enum ElementLoss: CaseIterable {
    case binaryCrossEntropy
    case squared
    case absolute
    case huber
  }

  @Test(arguments: ElementLoss.allCases, oddCounts)
  func elementLosses(kind: ElementLoss, count: Int) {
    let x = testValues(count).map { $0 * 3 }
    let t = testValues(count, seed: 2).map { kind == .binaryCrossEntropy ? abs($0) : $0 * 3 }
    let reference = { (x: Double, t: Double) in
      switch kind {
      case .binaryCrossEntropy:
        ReferenceKernels.binaryCrossEntropy(x, target: t, positiveWeight: 2.5)
      case .squared: (x - t) * (x - t)
      case .absolute: abs(x - t)
      case .huber: ReferenceKernels.huber(x - t, delta: 0.75)
      }
    }
    var first: ([Float], [Float]) = ([], [])
    for threads in threadCounts {
      let team = WorkerTeam(threadCount: threads)
      var scratch = [Float](repeating: .nan, count: Losses.scratchCount(count: count))
      var dx = x
      var (loss, two): (Float, Float) = (.nan, 2)
      switch kind {
      case .binaryCrossEntropy:
        Losses.binaryCrossEntropyWithLogits(
          count: count, logits: x, targets: t, positiveWeight: 2.5, loss: &loss,
          scratch: &scratch, team: team)
        Losses.binaryCrossEntropyWithLogitsBackward(
          count: count, logits: x, targets: t, positiveWeight: 2.5, lossGradient: &two, dx: &dx,
          accumulate: false, team: team)
      case .squared:
        Losses.meanSquaredError(
          count: count, predictions: x, targets: t, loss: &loss, scratch: &scratch, team: team)
        Losses.meanSquaredErrorBackward(
          count: count, predictions: x, targets: t, lossGradient: &two, dx: &dx,
          accumulate: false, team: team)
      case .absolute:
        Losses.meanAbsoluteError(
          count: count, predictions: x, targets: t, loss: &loss, scratch: &scratch, team: team)
        Losses.meanAbsoluteErrorBackward(
          count: count, predictions: x, targets: t, lossGradient: &two, dx: &dx,
          accumulate: false, team: team)
      case .huber:
        Losses.huber(
          count: count, delta: 0.75, predictions: x, targets: t, loss: &loss, scratch: &scratch,
          team: team)
        Losses.huberBackward(
          count: count, delta: 0.75, predictions: x, targets: t, lossGradient: &two, dx: &dx,
          accumulate: false, team: team)
      }
      if threads == 1 { first = ([loss], dx) }
      #expect(first == ([loss], dx))
    }
    let sum = zip(x, t).map { reference(Double($0), Double($1)) }.reduce(0, +)
    expectClose(first.0, [sum / Double(count)], relative: 1e-6)
    let gradient = zip(x, t).map { x, t in
      // The step must not cross the corner of the absolute value.
      let d = abs(Double(x) - Double(t))
      let step = kind == .absolute ? min(1e-3, d / 3) : 1e-5
      return 2 / Double(count)
        * ReferenceKernels.derivative(at: Double(x), step: max(step, 1e-9)) {
          reference($0, Double(t))
        }
    }
    TestSupport.expectClose(
      first.1, gradient, relative: 2e-5, absolute: 4e-6 / Double(count))
  }

  @Test func binaryCrossEntropyIsStable() {
    let x: [Float] = [1e4, -1e4, 1e4, -1e4, 50, -50]
    let t: [Float] = [1, 0, 0, 1, 1, 0]
    let team = WorkerTeam(threadCount: 1)
    for i in x.indices {
      var (loss, scratch, one, d): (Float, Float, Float, Float) = (.nan, .nan, 1, .nan)
      Losses.binaryCrossEntropyWithLogits(
        count: 1, logits: [x[i]], targets: [t[i]], loss: &loss, scratch: &scratch, team: team)
      Losses.binaryCrossEntropyWithLogitsBackward(
        count: 1, logits: [x[i]], targets: [t[i]], lossGradient: &one, dx: &d, accumulate: false,
        team: team)
      let truth = ReferenceKernels.binaryCrossEntropy(
        Double(x[i]), target: Double(t[i]), positiveWeight: 1)
      expectClose([loss], [truth], absolute: 1e-6)
      expectClose(
        [d], [ReferenceKernels.value(.sigmoid, Double(x[i])) - Double(t[i])], absolute: 1e-7)
    }
  }

  private func expectClose(
    _ actual: [Float], _ expected: [Double], relative: Double = 1e-6, absolute: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    TestSupport.expectClose(
      actual, expected, relative: relative, absolute: absolute, sourceLocation: sourceLocation)
  }
}
