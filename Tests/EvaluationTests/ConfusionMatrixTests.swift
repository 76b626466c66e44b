import Evaluation
import Testing

@Suite struct ConfusionMatrixTests {
  @Test func countsByTrueAndPredictedClass() throws {
    var matrix = try ConfusionMatrix(classCount: 3)
    try matrix.add(labels: [0, 0, 1, 2, 2, 2], predictions: [0, 1, 1, 2, 0, 0])
    #expect(matrix.counts == [1, 1, 0, 0, 1, 0, 2, 0, 1])
    #expect(matrix[label: 2, prediction: 0] == 2)
    #expect(matrix[label: 0, prediction: 2] == 0)
    #expect(matrix.labelCounts == [2, 1, 3])
    #expect(matrix.predictionCounts == [3, 2, 1])
    #expect(matrix.total == 6)
    #expect(matrix.correct == 3)
  }

  @Test func printsATable() throws {
    var matrix = try ConfusionMatrix(classCount: 2, classNames: ["cat", "do\ng"])
    try matrix.add(
      labels: [Int](repeating: 1, count: 1000) + [0], predictions: [Int](repeating: 0, count: 1001))
    #expect(
      matrix.description == """
        true \\ predicted   cat  do\u{FFFD}g
        cat                  1     0
        do\u{FFFD}g              1000     0

        """)
  }

  @Test func refusesWhatIsNoClass() throws {
    var matrix = try ConfusionMatrix(classCount: 2)
    let before = matrix
    var error = #expect(throws: EvaluationError.self) {
      try matrix.add(labels: [0, 1, 2], predictions: [0, 1, 0])
    }
    #expect(
      error?.description
        == "labels, index 2: expected a class in 0..<2, found 2. "
        + "Check the labels, and the number of classes.")
    error = #expect(throws: EvaluationError.self) {
      try matrix.add(labels: [0, 1], predictions: [-1, 1])
    }
    #expect(error?.place == "predictions, index 0")
    #expect(throws: EvaluationError.self) {
      try matrix.add(labels: [UInt64.max], predictions: [0])
    }
    error = #expect(throws: EvaluationError.self) {
      try matrix.add(labels: [0, 1], predictions: [1])
    }
    #expect(error?.found == "1")
    #expect(matrix == before)
    #expect(throws: EvaluationError.self) { try ConfusionMatrix(classCount: 0) }
    #expect(throws: EvaluationError.self) { try ConfusionMatrix(classCount: .max) }
    #expect(throws: EvaluationError.self) { try ConfusionMatrix(classCount: 2, classNames: ["a"]) }
  }

  @Test func accumulatesBatchesAndMerges() throws {
    let labels: [Int32] = (0..<500).map { $0 * 7 % 5 }
    let predictions: [Int32] = (0..<500).map { $0 * $0 % 5 }
    let whole = try ClassificationReport(labels: labels, predictions: predictions, classCount: 5)
    var parts: [ClassificationAccumulator] = []
    for start in [0, 100, 101, 450] {
      let end = [0: 100, 100: 101, 101: 450, 450: 500][start] ?? 0
      var part = try ClassificationAccumulator(classCount: 5)
      for middle in [start..<(start + end) / 2, (start + end) / 2..<end] {
        try part.add(labels: labels[middle], predictions: predictions[middle])
      }
      parts.append(part)
    }
    var all = try ClassificationAccumulator(classCount: 5)
    for part in parts.reversed() { try all.merge(part) }
    #expect(all.report == whole)
    all.reset()
    #expect(all.confusion.total == 0)
    #expect(throws: EvaluationError.self) {
      try all.merge(ClassificationAccumulator(classCount: 4))
    }
    #expect(throws: EvaluationError.self) {
      try all.merge(
        ClassificationAccumulator(classCount: 5, classNames: ["a", "b", "c", "d", "e"]))
    }
  }
}
