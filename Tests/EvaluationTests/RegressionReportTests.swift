import Evaluation
import Testing

@Suite struct RegressionReportTests {
  @Test func scoresAsScikitLearn() throws {
    let report = try RegressionReport(
      targets: [1, 2, 3, 4.5] as [Float], predictions: [1.5, 2, 2.5, 5] as [Double])
    #expect(report.count == 4)
    #expect(report.meanSquaredError == 0.1875)
    #expect(report.rootMeanSquaredError == 0.1875.squareRoot())
    #expect(report.meanAbsoluteError == 0.375)
    #expect(report.maximumError == 0.5)
    #expect(abs(report.rSquared - 0.8878504672897196) < 1e-15)
    #expect(abs(report.explainedVariance - 0.897196261682243) < 1e-15)
  }

  @Test(arguments: [
    ([2.0, 2, 2], 1.0, 1.0), ([1, 1, 1], 0, 1), ([1, 1, 2], 0, 0),
  ])
  func constantTargets(predictions: [Double], rSquared: Double, variance: Double) throws {
    let report = try RegressionReport(targets: [2.0, 2, 2], predictions: predictions)
    #expect(report.rSquared == rSquared)
    #expect(report.explainedVariance == variance)
  }

  @Test func keepsNaN() throws {
    for predictions in [[1, .nan, 3], [.nan, 1, 3], [1, 3, .nan]] as [[Double]] {
      let report = try RegressionReport(targets: [1.0, 2, 3], predictions: predictions)
      #expect(report.meanSquaredError.isNaN)
      #expect(report.maximumError.isNaN)
      #expect(report.rSquared.isNaN)
    }
  }

  @Test func refusesWhatCannotBeCompared() {
    let error = #expect(throws: EvaluationError.self) {
      try RegressionReport(targets: [1.0], predictions: [1.0, 2])
    }
    #expect(error?.expected == "1, one for each target")
    #expect(throws: EvaluationError.self) {
      try RegressionReport(targets: [Float](), predictions: [Float]())
    }
  }

  @Test func printsATable() throws {
    let report = try RegressionReport(
      targets: [0.0, 1_000_000], predictions: [0.00002, -1_000_000.25])
    let lines = report.description.split(separator: "\n")
    #expect(lines.count == 8)
    #expect(Set(lines.map(\.count)).count == 1)
    #expect(lines[4].hasSuffix(" 2000000.2500"))
    #expect(lines[5].hasSuffix(" -7.0000"))
  }

  @Test(arguments: [
    (0.0, "0.0000"), (1, "1.0000"), (-0.00004, "-4e-05"), (0.99996, "1.0000"), (-2.5, "-2.5000"),
    (123.45678, "123.4568"), (0.0625, "0.0625"), (.nan, "nan"), (-.infinity, "-inf"),
    (2e9, "2000000000.0"), (1e300, "1e+300"),
  ])
  func writesNumbers(value: Double, text: String) {
    #expect(fixed(value) == text)
  }
}
