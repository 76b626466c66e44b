import Evaluation
import Testing

private func near(_ found: Double, _ wanted: Double) -> Bool { abs(found - wanted) <= 1e-12 }

/// The expected numbers were computed by scikit-learn; `labels=range(classCount)` for those of the
/// classes.
@Suite struct ClassificationReportTests {
  let labels: [Int32] = [0, 0, 0, 1, 1, 2, 2, 2, 2, 4]
  let predictions: [Int32] = [0, 0, 2, 1, 2, 2, 2, 0, 2, 2]

  @Test func scoresAsScikitLearn() throws {
    // Class 3 has no examples and no predictions, class 4 no predictions.
    let report = try ClassificationReport(labels: labels, predictions: predictions, classCount: 5)
    let precision = [0.6666666666666666, 1, 0.5, 0, 0]
    let recall = [0.6666666666666666, 0.5, 0.75, 0, 0]
    let f1 = [0.6666666666666666, 0.6666666666666666, 0.6, 0, 0]
    for (index, scores) in report.classes.enumerated() {
      #expect(near(scores.precision, precision[index]))
      #expect(near(scores.recall, recall[index]))
      #expect(near(scores.f1, f1[index]))
      #expect(scores.support == [3, 2, 4, 0, 1][index])
      #expect(scores.name == String(index))
    }
    #expect(report.classes.map(\.isPresent) == [true, true, true, false, true])
    #expect(near(report.macro.precision, 0.5416666666666666))
    #expect(near(report.macro.recall, 0.47916666666666663))
    #expect(near(report.macro.f1, 0.4833333333333333))
    #expect(near(report.weighted.precision, 0.6))
    #expect(near(report.weighted.recall, 0.6))
    #expect(near(report.weighted.f1, 0.5733333333333333))
    #expect(near(report.accuracy, 0.6))
    #expect(near(report.balancedAccuracy, 0.47916666666666663))
    #expect(near(report.matthews, 0.40662503039522213))
    #expect(near(report.cohenKappa, 0.3846153846153846))
    #expect(report.total == 10)
  }

  @Test func undefinedRatiosAreZero() throws {
    let single = try ClassificationReport(labels: [1, 1], predictions: [1, 1], classCount: 3)
    #expect(single.accuracy == 1)
    #expect(single.balancedAccuracy == 1)
    #expect(single.matthews == 0)
    #expect(single.cohenKappa == 0)
    #expect(near(single.macro.f1, 1))
    let none = try ClassificationReport(labels: [Int](), predictions: [Int](), classCount: 2)
    #expect(none.accuracy == 0)
    #expect(none.weighted.f1 == 0)
    #expect(none.balancedAccuracy == 0)
  }

  @Test func classesThatAreOnlyPredictedCount() throws {
    let report = try ClassificationReport(
      labels: [0, 0, 1], predictions: [0, 3, 1], classCount: 9)
    #expect(near(report.macro.precision, 2.0 / 3))
    #expect(near(report.macro.recall, 0.5))
    #expect(near(report.macro.f1, 0.5555555555555555))
    #expect(near(report.weighted.precision, 1))
    #expect(near(report.weighted.f1, 0.7777777777777777))
    #expect(near(report.balancedAccuracy, 0.75))
    // The table shows all.
    #expect(report.classes.count == 9)
    #expect(report.description.contains("\n8                    0.0000"))
  }

  @Test func stayExactForManyExamples() throws {
    var confusion = try ConfusionMatrix(classCount: 2)
    confusion[label: 0, prediction: 0] = 3_000_000_000
    confusion[label: 1, prediction: 1] = 3_000_000_000
    let report = ClassificationReport(confusion)
    #expect(near(report.matthews, 1))
    #expect(near(report.cohenKappa, 1))
  }

  @Test func printsATable() throws {
    let report = try ClassificationReport(
      labels: [0, 0, 1], predictions: [0, 1, 1], classCount: 2, classNames: ["cat", "a long name"])
    #expect(
      report.description == """
        class             precision  recall      F1  support
        cat                  1.0000  0.5000  0.6667        2
        a long name          0.5000  1.0000  0.6667        1
        macro average        0.7500  0.7500  0.6667        3
        weighted average     0.8333  0.6667  0.6667        3

        accuracy 0.6667, balanced accuracy 0.7500, Matthews 0.5000, Cohen's kappa 0.4000

        """)
  }

  @Test func accuracyOfClasses() throws {
    #expect(try accuracy(labels: labels, predictions: predictions) == 0.6)
    #expect(try accuracy(labels: [Int](), predictions: [Int]()) == 0)
    #expect(throws: EvaluationError.self) { try accuracy(labels: [1], predictions: [1, 2]) }
  }

  @Test func predictsTheHighestScore() throws {
    let scores: [Float] = [
      0, 2, 1, 3, 3, 1, -.infinity, -.infinity, -.infinity, .nan, .nan, -1, .nan, .nan, .nan,
    ]
    #expect(try predictedClasses(scores: scores, classCount: 3) == [1, 0, 0, 2, 0])
    #expect(try predictedClasses(scores: scores[3..<6], classCount: 3) == [0])
    #expect(throws: EvaluationError.self) { try predictedClasses(scores: scores, classCount: 4) }
    #expect(throws: EvaluationError.self) { try predictedClasses(scores: scores, classCount: 0) }
  }

  @Test(arguments: [(1, 0.0), (2, 0.5), (3, 1.0), (9, 1.0)])
  func countsTheHighestScores(k: Int, expected: Double) throws {
    let scores: [Float] = [0.5, 0.2, 0.3, 0.1, 0.2, 0.7, 0.3, 0.4, 0.3, 0.2, 0.25, 0.6]
    let found = try topKAccuracy(labels: [2, 1, 0, 0], scores: scores, classCount: 3, k: k)
    // The third example's label ties with a later class and ranks before it.
    #expect(found == (k == 2 ? 0.75 : expected))
  }

  @Test func ranksTiesAndNaN() throws {
    let tied: [Float] = [1, 1, 1]
    for (label, k, expected) in [(0, 1, 1.0), (1, 1, 0.0), (1, 2, 1.0), (2, 2, 0.0), (2, 3, 1.0)] {
      #expect(try topKAccuracy(labels: [label], scores: tied, classCount: 3, k: k) == expected)
    }
    let broken: [Float] = [.nan, 0, 1]
    #expect(try topKAccuracy(labels: [0], scores: broken, classCount: 3, k: 3) == 0)
    #expect(try topKAccuracy(labels: [1], scores: broken, classCount: 3, k: 2) == 1)
    #expect(throws: EvaluationError.self) {
      try topKAccuracy(labels: [0], scores: tied, classCount: 3, k: 0)
    }
    #expect(throws: EvaluationError.self) {
      try topKAccuracy(labels: [0, 1], scores: tied, classCount: 3, k: 1)
    }
    #expect(throws: EvaluationError.self) {
      try topKAccuracy(labels: [Int](), scores: tied, classCount: 3, k: 1)
    }
    #expect(throws: EvaluationError.self) {
      try topKAccuracy(labels: [3], scores: tied, classCount: 3, k: 1)
    }
  }
}
