import Foundation

/// A model that the tool has trained on the digits for one epoch, shared by the tests.
enum DigitsModel {
  /// The run folder and what the tool said.
  struct Trained: Sendable {
    let folder: URL
    let status: Int32
    let output: String
    let errors: String

    var model: String { folder.appendingPathComponent("model.safetensors").path }
  }

  private static let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("needletail-tool-tests-\(UUID().uuidString)")

  static let trained: Trained = {
    atexit { try? FileManager.default.removeItem(at: DigitsModel.folder) }
    do {
      let run = try Tool.run(
        "train", "--data", "digits", "--epochs", "1", "--validation", "0.1", "--batch", "32",
        "--seed", "3", "--threads", "2", "--output", folder.path)
      return Trained(folder: folder, status: run.status, output: run.output, errors: run.errors)
    } catch {
      return Trained(folder: folder, status: -1, output: "", errors: "\(error)")
    }
  }()

  /// A row of 64 pixels.
  static let row = (0..<64).map { String($0 % 17) }.joined(separator: ",")

  /// A PNG file of 8×8 grey pixels.
  static let png =
    Data(
      base64Encoded: """
        iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAFElEQVR4nGNgYGJh4+Di4WOgjAEAPKgBwQsh
        iwEAAAAASUVORK5CYII=
        """.filter { !$0.isWhitespace }) ?? Data()
}
