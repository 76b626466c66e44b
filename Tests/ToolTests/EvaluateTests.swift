import Foundation
import Testing

@Suite("Evaluate")
struct EvaluateTests {
  @Test("Evaluates on the test part, as the training did at its end")
  func json() throws {
    let run = try Tool.run(
      "evaluate", "--model", DigitsModel.trained.model, "--data", "digits", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let objects = try run.objects()
    try #require(objects.count == 1)
    let object = objects[0]
    let accuracy = try #require(object["accuracy"] as? Double)
    #expect(accuracy > 0.5 && accuracy <= 1)
    #expect(object["loss"] is Double)
    #expect(object["examples"] as? Int == 355)
    #expect(object["split"] as? String == "test")
    let classes = try #require(object["classes"] as? [[String: Any]])
    #expect(classes.map { $0["name"] as? String } == (0...9).map { "\($0)" })
    #expect(Set(classes[0].keys) == ["name", "precision", "recall", "f1", "support"])
    let confusion = try #require(object["confusion"] as? [[Int]])
    #expect(confusion.count == 10)
    #expect(confusion.joined().reduce(0, +) == 355)
    let right = (0..<10).reduce(0) { $0 + confusion[$1][$1] }
    #expect(abs(Double(right) / 355 - accuracy) < 1e-12)
    let percent = String(format: "%.2f %%", accuracy * 100)
    #expect(DigitsModel.trained.output.contains("accuracy \(percent)  (355 images)"))
  }

  @Test("Text has a line for loss and accuracy, a table of the classes and the confusion matrix")
  func text() throws {
    let run = try Tool.run("evaluate", "--model", DigitsModel.trained.model, "--data", "digits")
    #expect(run.lines[0] == "data      digits: 355 test images of 8×8×1 in 10 classes")
    #expect(run.lines[1].hasPrefix("loss      "))
    #expect(run.lines[2].hasPrefix("accuracy  "))
    #expect(run.output.contains("precision  recall      F1  support"))
    #expect(run.output.contains("true \\ predicted"))
    #expect(!run.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }

  @Test("A split is taken at its word")
  func split() throws {
    let run = try Tool.run(
      "evaluate", "--model", DigitsModel.trained.model, "--data", "digits", "--split", "train",
      "--json")
    #expect(try run.objects().first?["examples"] as? Int == 1442)
  }

  @Test("Images of another size are refused")
  func size() throws {
    let folder = try TemporaryFolder()
    try MNISTLikeFiles.write(to: folder.url, training: 10, test: 10)
    let run = try Tool.run(
      "evaluate", "--model", DigitsModel.trained.model, "--data", folder.url.path)
    #expect(run.status == 65)
    #expect(run.errors.contains("[8, 8, 1]"))
    #expect(run.output == "")
  }

  @Test("A result that is no number is an error")
  func notFinite() throws {
    let scratch = try TemporaryFolder()
    for (name, image) in [("black", SmallImages.black), ("white", SmallImages.white)] {
      for label in ["a", "b"] {
        try SmallImages.write(
          image, to: scratch.url.appendingPathComponent("\(name)/\(label)/1.png"))
      }
    }
    // Black stays 0; white is beyond what a float holds.
    try Data("layers: [{Rescale: 1e38}, Flatten, {Dense: classes}]\n".utf8)
      .write(to: scratch.url.appendingPathComponent("net.yaml"))
    let trained = try Tool.run(
      "train", "--data", "black", "--model", "net.yaml", "--epochs", "1", "--output", "run",
      in: scratch.url)
    #expect(trained.status == 0, "\(trained.errors)")
    let run = try Tool.run(
      "evaluate", "--data", "white", "--model", "run/model.safetensors", "--json", in: scratch.url)
    #expect(run.status == 65)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("needletail: white: expected finite numbers as the model's out"))
  }
}
