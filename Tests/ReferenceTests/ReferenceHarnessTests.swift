import ModelFiles
import Tensors
import Testing

/// The harness itself: what must fail does.
@Suite struct ReferenceHarnessTests {
  private func makeCase(
    compare: String = "element", rtol: String = "0.01", atol: String = "0.001"
  ) throws -> ReferenceCase {
    var writer = SafetensorsWriter()
    try writer.add("c/x", shape: [2, 2], floats: [1, 2, 3, 4])
    try writer.add("c/y", shape: [2, 2], floats: [100, 0, -1, .infinity])
    try writer.add("c/n", shape: [2], integers: [5, 6])
    try writer.add("c/d_x", shape: [2], floats: [100, 1])
    let entry = """
      {"op": "test", "id": "test_0", "attrs": {"k": 2, "s": [1, 3], "name": "same", "on": true},
       "file": "f", "inputs": {"x": "c/x"}, "outputs": {"y": "c/y", "n": "c/n"},
       "grads": {"d_x": "c/d_x"}, "compare": "\(compare)", "rtol": \(rtol), "atol": \(atol)}
      """
    return try ReferenceCase(
      JSONValue(parsing: Array(entry.utf8)), file: SafetensorsFile(bytes: writer.bytes()))
  }

  private func run(
    _ testCase: ReferenceCase, y: [Float] = [100, 0, -1, .infinity], n: [Int] = [5, 6],
    d: [Float] = [100, 1]
  ) -> ReferenceRun {
    ReferenceRun(
      [testCase],
      runners: [
        "test": { testCase in
          try testCase.check("y", actual: y, shape: [2, 2])
          try testCase.check("n", actual: n)
          try testCase.check("d_x", actual: d, shape: [2])
        }
      ])
  }

  @Test func passesWhatAgrees() throws {
    #expect(run(try makeCase()).passed == 1)
    let close = run(try makeCase(), y: [100.9, 0.0009, -1.009, .infinity], d: [99.1, 1.01])
    #expect(close.failures.isEmpty)
    #expect(close.summary(of: "F") == "reference: F: 1 passed, 0 skipped")
    // The largest magnitude of the tensor counts.
    #expect(run(try makeCase(compare: "max"), d: [100, 1.9]).passed == 1)
  }

  @Test func failsWhatDisagrees() throws {
    var result = run(try makeCase(), y: [100, 0.002, -1, .infinity])
    #expect(result.passed == 0)
    #expect(
      result.failures.first?.hasPrefix("test_0, tensor y, index [0, 1]: expected 0.0, found 0.00")
        == true)
    #expect(result.failures.last == "test_0: the runner did not read k, s, name, on")
    result = run(try makeCase(), y: [100, 0, .nan, .infinity])
    #expect(result.failures.first?.contains("index [1, 0]: expected -1.0, found nan") == true)
    #expect(run(try makeCase(), y: [100, 0, -1, 1e30]).passed == 0)
    #expect(run(try makeCase(), y: [100, 0, -1, -.infinity]).passed == 0)
    #expect(run(try makeCase(), n: [5, 7]).passed == 0)
    #expect(run(try makeCase(), d: [100, 1.9]).passed == 0)
    #expect(run(try makeCase(compare: "max"), d: [100, 2.1]).passed == 0)
  }

  @Test func failsOtherShapesAndMissingResults() throws {
    #expect(run(try makeCase(), n: [5]).passed == 0)
    let runners: [String: ReferenceRunner] = [
      "test": { testCase in
        try testCase.check("y", actual: [100, 0, -1, .infinity] as [Float], shape: [4])
        try testCase.check("d_x", actual: [100, 1] as [Float])
      }
    ]
    let result = ReferenceRun([try makeCase()], runners: runners)
    #expect(
      result.failures.prefix(2) == [
        "test_0, tensor y: expected the shape [2, 2], found [4] of 4 elements",
        "test_0, tensor n: the runner did not check it",
      ])
    let thrown = ReferenceRun(
      [try makeCase()], runners: ["test": { _ = try $0.floats("nothing") }])
    #expect(thrown.failures.first == "test_0: test_0: the case has no tensor nothing.")
  }

  @Test func skipsByName() throws {
    var result = ReferenceRun([try makeCase()], runners: [:])
    #expect(
      result.summary(of: "a/b")
        == "reference skipped, no runner for test: test_0\nreference: a/b: 0 passed, 1 skipped")
    result = ReferenceRun([try makeCase()], runners: ["test": { _ in throw ReferenceSkip("why") }])
    #expect(result.skipped.first?.reason == "why")
    #expect(result.failures.isEmpty)
  }

  @Test func readsAttributes() throws {
    let testCase = try makeCase()
    #expect(try testCase.integer("k") == 2)
    #expect(try testCase.number("k") == 2)
    #expect(try testCase.number("none", default: 0.5) == 0.5)
    #expect(try testCase.integerList("s", count: 2) == [1, 3])
    #expect(try testCase.integerList("k", count: 2) == [2, 2])
    #expect(try testCase.string("name") == "same")
    #expect(try testCase.boolean("on"))
    #expect(testCase.attribute("none") == nil)
    #expect(throws: ReferenceError.self) { try testCase.integer("none") }
    #expect(throws: ReferenceError.self) { try testCase.integer("name", default: 1) }
    #expect(throws: ReferenceError.self) { try testCase.integerList("s", count: 3) }
    #expect(try testCase.shape("x") == [2, 2])
    #expect(try testCase.integers("n") == [5, 6])
  }

  @Test func refusesFoldersWithoutManifest() {
    #expect(throws: ModelFileError.self) {
      try ReferenceRun(folder: "/nonexistent", runners: [:])
    }
  }
}
