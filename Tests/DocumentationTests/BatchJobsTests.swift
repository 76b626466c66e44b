import Foundation
import Needletail
import Testing

/// The code of docs/batch-jobs.md as it stands there, so that it compiles and runs.
@Suite struct BatchJobsTests {
  @Test func aTrainingWithCheckpoints() throws {
    let digits = try Digits.load()
    let network = Sequential {
      Flatten()
      Dense(outputSize: 10)
    }
    var model = try Model(network, inputShape: [8, 8, 1], seed: 1)
    let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .adam())
    let folder = URL(fileURLWithPath: NSTemporaryDirectory() + "digits-\(UUID().uuidString)")
    let mustStop = false

    let history = try trainer.fit(
      &model, to: digits.training, epochs: 3,
      checkpoints: Checkpointing(in: folder, every: .steps(20), resumes: true)
    ) { event in
      if case .started(let start) = event { start.warnings.forEach { print($0) } }
      return mustStop ? .checkpointAndStop : .continue
    }
    print(history.epochs.count)

    #expect(history.epochs.count == 3)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4)
    try FileManager.default.removeItem(at: folder)
  }

  @Test func theExampleIsTheDocuments() throws {
    #expect(try lineCount(ofSwiftIn: "docs/batch-jobs.md", asIn: #filePath) >= 12)
  }
}
