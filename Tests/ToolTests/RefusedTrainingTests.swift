import Foundation
import Testing

@Suite("Trainings that are refused")
struct RefusedTrainingTests {
  /// A network whose activations no machine holds, and whose weights are small.
  private static let wide = """
    layers:
      - Conv2D: {outputChannels: 4000000, kernelSize: 1}
      - Conv2D: {outputChannels: 1, kernelSize: 1}
      - Flatten
      - Dense: classes
    """

  @Test("For want of memory, they leave no folder behind", arguments: ["", "--resume"])
  func memory(_ option: String) throws {
    let scratch = try TemporaryFolder()
    let (network, folder) = (scratch.path("wide.yaml"), scratch.path("run"))
    try Data(Self.wide.utf8).write(to: URL(fileURLWithPath: network))
    let train = ["train", "--data", "digits", "--quiet", "--epochs", "1", "--output", folder]
    let refused = try Tool.run(
      arguments: train + ["--model", network, "--batch", "1442"]
        + (option.isEmpty ? [] : [option]))
    #expect(refused.status == 71, "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder))
    let second = try Tool.run(arguments: train + ["--model", "digits-cnn"])
    #expect(second.status == 0, "\(second.errors)")
  }

  @Test("With other settings than the run's, they leave it as it was")
  func otherSettings() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.url.appendingPathComponent("run")
    func files() throws -> [String: Data] {
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      return try Dictionary(
        uniqueKeysWithValues: names.filter { $0 != "checkpoints" }.map {
          ($0, try Data(contentsOf: folder.appendingPathComponent($0)))
        })
    }
    let train = ["train", "--data", "digits", "--quiet", "--output", folder.path, "--epochs"]
    #expect(try Tool.run(arguments: train + ["1"]).status == 0)
    let before = try files()
    #expect(before.count == 6, "\(before.keys)")
    let refused = try Tool.run(arguments: train + ["2", "--resume", "--batch", "32"])
    #expect(refused.status != 0)
    #expect(refused.errors.contains("other settings"), "\(refused.errors)")
    #expect(try files() == before)
  }
}
