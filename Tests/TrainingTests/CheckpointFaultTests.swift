import Foundation
import Needletail
import Testing

@Suite struct CheckpointFaultTests {
  /// A folder with the checkpoints of a training that has made all its steps.
  private func trained() throws -> (CheckpointTestFolder, CheckpointFixture.Outcome) {
    let folder = CheckpointTestFolder()
    return (folder, try CheckpointFixture().run(Checkpointing(in: folder.url)))
  }

  @Test(arguments: ["cut", "bit", "text", "longer", "empty"])
  func aDamagedCheckpointIsReportedAndTheOneBeforeUsed(damage: String) throws {
    let (folder, expected) = try trained()
    let newest = folder.file("step-000000008.safetensors")
    var bytes = try Data(contentsOf: newest)
    switch damage {
    case "cut": bytes.removeLast(1000)
    case "bit": bytes[bytes.count - 100] ^= 4
    case "text":
      // Within the header, where it changes a setting and not the form.
      let range = try #require(bytes.range(of: Data("examples of".utf8)))
      bytes[range.lowerBound] = UInt8(ascii: "E")
    case "longer": bytes.append(0)
    default: bytes.removeAll()
    }
    try bytes.write(to: newest)
    let resumed = try CheckpointFixture().run(Checkpointing(in: folder.url, resumes: true))
    #expect(resumed.start?.resumption?.position.stepCount == 4)
    let warnings = try #require(resumed.start?.warnings)
    #expect(warnings.count == 1)
    #expect(warnings[0].contains("step-000000008.safetensors"))
    #expect(warnings[0].contains("it is now \(newest.path).damaged"))
    #expect(try resumed.bits == expected.bits)
    #expect(
      try folder.names == [
        "step-000000004.safetensors", "step-000000008.safetensors",
        "step-000000008.safetensors.damaged",
      ])
  }

  @Test func everyChangedByteIsFound() throws {
    let (folder, _) = try trained()
    let file = folder.file("step-000000008.safetensors")
    let original = Array(try Data(contentsOf: file))
    for position in stride(from: 0, to: original.count, by: 61) {
      var bytes = original
      bytes[position] ^= 1 << UInt8(position % 8)
      #expect(throws: ModelFileError.self, "byte \(position)") { try Model(fileBytes: bytes) }
    }
    _ = try Model(fileBytes: original)
  }

  @Test func otherSettingsAreNamed() throws {
    let (folder, _) = try trained()
    func message(_ change: (inout CheckpointFixture) -> Void) -> String {
      var fixture = CheckpointFixture()
      change(&fixture)
      let error = #expect(throws: CheckpointError.self) {
        try fixture.run(Checkpointing(in: folder.url, resumes: true))
      }
      #expect(error?.kind == .otherSettings)
      return error?.description ?? ""
    }
    #expect(message { $0.batchSize = 32 }.contains("batch size: 16 there, 32 here."))
    #expect(message { $0.seed = 6 }.contains("seed: 5 there, 6 here."))
    #expect(message { $0.shuffles = false }.contains("order: shuffled there, sequential here."))
    #expect(message { $0.metrics = [.accuracy, .topK(2)] }.contains("metrics: accuracy there"))
    #expect(message { $0.optimizer = .sgd(learningRate: 1) }.contains("optimizer: adam, beta1"))
    #expect(message { $0.validates = false }.contains("validation data: 20 examples of"))
    #expect(message { $0.clip = 2 }.contains("gradient clipping: none there, at 2.0 here."))
    #expect(message { $0.classes = 11 }.contains("the network is another"))
    #expect(
      message { $0.convolution = .im2row }.contains("convolution: by shape there, im2row here."))
    // Nothing was changed by the attempts.
    let resumed = try CheckpointFixture().run(Checkpointing(in: folder.url, resumes: true))
    #expect(resumed.start?.resumption?.isComplete == true)
  }

  @Test func oneTrainingAtATime() throws {
    let folder = CheckpointTestFolder()
    var error: CheckpointError?
    _ = try CheckpointFixture().run(Checkpointing(in: folder.url)) { event, stepCount in
      if case .stepEnded = event, stepCount == 3 {
        error = #expect(throws: CheckpointError.self) {
          try CheckpointFixture().run(Checkpointing(in: folder.url, resumes: true))
        }
      }
      return .continue
    }
    #expect(error?.kind == .inUse)
    let used = #expect(throws: CheckpointError.self) {
      try CheckpointFixture().run(Checkpointing(in: folder.url))
    }
    #expect(used?.kind == .used)
  }

  @Test func leftoversOfKilledWritersAreRemoved() throws {
    let (folder, _) = try trained()
    let leftover = folder.file(".step-000000008.safetensors.4711-0.tmp")
    let other = folder.file(".notes.tmp")
    try Data("half".utf8).write(to: leftover)
    try Data("kept".utf8).write(to: other)
    _ = try CheckpointFixture().run(Checkpointing(in: folder.url, resumes: true))
    #expect(!FileManager.default.fileExists(atPath: leftover.path))
    #expect(FileManager.default.fileExists(atPath: other.path))
  }

  @Test func aFolderThatCannotBeIsFoundBeforeTheFirstStep() throws {
    let folder = CheckpointTestFolder()
    try Data("file".utf8).write(to: folder.url)
    var isStarted = false
    let error = #expect(throws: CheckpointError.self) {
      try CheckpointFixture().run(Checkpointing(in: folder.file("below"))) { _, _ in
        isStarted = true
        return .continue
      }
    }
    #expect(error?.kind == .notCreated)
    #expect(error?.systemError == ENOTDIR)
    #expect(!isStarted)
  }

  @Test func aFolderThatVanishesIsAnError() throws {
    let folder = CheckpointTestFolder()
    let error = #expect(throws: CheckpointError.self) {
      try CheckpointFixture().run(Checkpointing(in: folder.url)) { event, _ in
        if case .stepEnded = event { try? FileManager.default.removeItem(at: folder.url) }
        return .continue
      }
    }
    #expect(error?.kind == .notWritten)
    #expect(error?.systemError == ENOENT)
    #expect(error?.description.contains(folder.url.path) == true)
  }
}
