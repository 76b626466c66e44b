import Foundation
import Needletail
import Testing

@Suite struct RunFolderTests {
  private struct Configuration: Encodable {
    let rate: Float = 0.001
    let data = "a/b"
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("needletail-run-\(UUID().uuidString)")
    let result = Result { try body(url) }
    if FileManager.default.fileExists(atPath: url.path) {
      try FileManager.default.removeItem(at: url)
    }
    try result.get()
  }

  /// What one epoch did, validated on the given targets.
  private func report(_ targets: [Float]) throws -> EpochReport {
    var model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
    let data = try InMemoryDataset(
      inputs: Tensor(shape: [2, 1], [0, 1]), targets: Tensor(shape: [2, 1], [0, 1]))
    let validation = try InMemoryDataset(
      inputs: Tensor(shape: [2, 1], [0, 1]), targets: Tensor(shape: [2, 1], targets))
    let trainer = Trainer(
      loss: .meanSquaredError, optimizer: .sgd(learningRate: 0.1), metrics: [.meanAbsoluteError])
    return try trainer.fit(&model, to: data, validation: validation, epochs: 1).epochs[0]
  }

  @Test func keepsWhatHappens() throws {
    try withFolder { url in
      let run = try RunFolder(
        creating: url.appendingPathComponent("a/b"), configuration: Configuration())
      let (finite, other) = (try report([0, 1]), try report([1, 1]))
      try run.append(finite)
      try run.append(other)
      // A validation that is no number ends the training.
      #expect(throws: DivergenceError.self) { try report([0, .nan]) }
      let model = try Model(Dense(outputSize: 1), inputShape: [1], seed: 1)
      try run.save(model)
      func text(_ name: String) throws -> String {
        try String(contentsOf: run.url.appendingPathComponent(name), encoding: .utf8)
      }
      #expect(try text("history.jsonl") == "\(finite.jsonLine)\n\(other.jsonLine)\n")
      let validation = try #require(finite.validation)
      #expect(
        finite.jsonLine == """
          {"epoch":1,"images_per_second":\(finite.examplesPerSecond),"loss":\(finite.loss),\
          "mean_absolute_error":\(finite.metrics[0].value),"seconds":\(finite.seconds),\
          "validation_loss":\(validation.loss),\
          "validation_mean_absolute_error":\(validation.metrics[0].value)}
          """)
      #expect(
        try text("configuration.json") == """
          {
            "data" : "a/b",
            "rate" : 0.001
          }

          """)
      #expect(try Model(contentsOf: run.modelURL).variables.count == 2)
    }
  }

  @Test(arguments: ["history.jsonl", "configuration.json", "model.safetensors"])
  func refusesAFolderWithARun(_ name: String) throws {
    try withFolder { url in
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try Data("notes".utf8).write(to: url.appendingPathComponent("notes.txt"))
      try RunFolder.checkUnused(url)
      try Data().write(to: url.appendingPathComponent(name))
      let error = #expect(throws: RunFolderError.self) {
        try RunFolder(creating: url, configuration: Configuration())
      }
      #expect(error?.kind == .used)
      #expect(
        error?.description
          == "\(url.path): expected a folder without a run, found \(name); name another folder, "
          + "or remove this one.")
      #expect(try FileManager.default.contentsOfDirectory(atPath: url.path).count == 2)
    }
  }

  @Test func aRunGoesOnWithTheEpochsThatAreTrue() throws {
    try withFolder { url in
      func text() throws -> String {
        try String(contentsOf: url.appendingPathComponent("history.jsonl"), encoding: .utf8)
      }
      let report = try report([0, 1])
      let line = report.jsonLine + "\n"
      do {
        let run = try RunFolder(creating: url, configuration: Configuration())
        try run.append(report)
        try run.append(report)
        try run.save(Model(Dense(outputSize: 1), inputShape: [1]))
      }
      let leftover = url.appendingPathComponent(".model.safetensors.12-3.tmp")
      try Data("half".utf8).write(to: leftover)
      let run = try RunFolder(resuming: url, configuration: Configuration())
      #expect(!FileManager.default.fileExists(atPath: leftover.path))
      #expect(try text() == line + line)
      try run.replaceHistory([report])
      #expect(try text() == line)
      try run.append(report)
      #expect(try text() == line + line)
      try run.replaceHistory([])
      #expect(try text() == "")
      withExtendedLifetime(run) {}
    }
  }

  @Test func aFolderHasOneUserAtATime() throws {
    try withFolder { url in
      try RunFolder.checkNotInUse(url)
      let run = try RunFolder(creating: url, configuration: Configuration())
      for _ in 0..<2 {
        let error = #expect(throws: RunFolderError.self) {
          try RunFolder(resuming: url, configuration: Configuration())
        }
        #expect(error?.kind == .inUse)
        #expect(throws: RunFolderError.self) { try RunFolder.checkNotInUse(url) }
      }
      withExtendedLifetime(run) {}
    }
    try withFolder { url in
      for _ in 0..<2 { _ = try RunFolder(resuming: url, configuration: Configuration()) }
      try RunFolder.checkNotInUse(url)
    }
  }

  @Test func aRunThatNeverBeganIsUndone() throws {
    struct Other: Encodable { let rate = 1 }
    try withFolder { url in
      func contents() throws -> [String: Data] {
        try Dictionary(
          uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: url.path).map {
            ($0, try Data(contentsOf: url.appendingPathComponent($0)))
          })
      }
      let run = try RunFolder(creating: url, configuration: Configuration())
      run.restore()
      #expect(!FileManager.default.fileExists(atPath: url.path))

      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try Data("notes".utf8).write(to: url.appendingPathComponent("notes.txt"))
      for _ in 0..<2 { try RunFolder(creating: url, configuration: Configuration()).restore() }
      #expect(try contents() == [".lock": Data(), "notes.txt": Data("notes".utf8)])

      _ = try RunFolder(creating: url, configuration: Configuration())
      let before = try contents()
      let resumed = try RunFolder(resuming: url, configuration: Other())
      #expect(try contents() != before)
      resumed.restore()
      #expect(try contents() == before)
    }
  }

  @Test func aClaimToAFolderThatWasRemovedIsNoClaim() throws {
    try withFolder { url in
      let run = try RunFolder(creating: url, configuration: Configuration())
      run.restore()
      let next = try RunFolder(creating: url, configuration: Configuration())
      #expect(throws: RunFolderError.self) {
        try RunFolder(resuming: url, configuration: Configuration())
      }
      withExtendedLifetime((run, next)) {}
    }
  }

  @Test func tellsWhyAFolderCannotBe() throws {
    try withFolder { url in
      try Data("file".utf8).write(to: url)
      for name in ["", "below"] {
        let error = #expect(throws: RunFolderError.self) {
          try RunFolder(
            creating: name.isEmpty ? url : url.appendingPathComponent(name),
            configuration: Configuration())
        }
        #expect(error?.kind == .notCreated)
      }
    }
  }
}
