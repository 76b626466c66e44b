import Foundation
import Testing

@Suite("Augmented trainings")
struct AugmentTests {
  private func train(_ output: String, _ options: String...) throws -> Tool.Run {
    try Tool.run(
      arguments: ["train", "--data", "digits", "--batch", "128", "--output", output] + options)
  }

  @Test("Are told, recorded, and the same on other numbers of threads")
  func recorded() throws {
    let folder = try TemporaryFolder()
    let first = try train(
      folder.path("one"), "--epochs", "1", "--augment", "shift:1,flip", "--threads", "1")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains(", seed 0, augmented by flip,shift:1\nmemory "))
    let second = try train(
      folder.path("two"), "--epochs", "1", "--augment", "flip,shift:1", "--threads", "2", "--json")
    #expect(try second.objects().first?["augmentation"] as? String == "flip,shift:1")
    let plain = try train(folder.path("plain"), "--epochs", "1", "--json")
    #expect(try plain.objects().first?["augmentation"] is NSNull)
    func file(_ name: String) throws -> Data {
      try Data(contentsOf: folder.url.appendingPathComponent(name))
    }
    #expect(try file("one/model.safetensors") == file("two/model.safetensors"))
    #expect(try file("one/model.safetensors") != file("plain/model.safetensors"))
    func augmentation(_ run: String) throws -> Any? {
      let object = try JSONSerialization.jsonObject(with: file("\(run)/configuration.json"))
      return (object as? [String: Any])?["augmentation"]
    }
    #expect(try augmentation("one") as? String == "flip,shift:1")
    #expect(try augmentation("plain") == nil)
  }

  @Test("Go on with the augmentation that they began with only")
  func resumed() throws {
    let folder = try TemporaryFolder()
    let run = folder.path("run")
    #expect(try train(run, "--epochs", "1", "--augment", "shift:2").status == 0)
    let before = try Data(contentsOf: folder.url.appendingPathComponent("run/configuration.json"))
    for (options, here) in [([], "not set"), (["--augment", "flip"], "flip")] {
      let refused = try Tool.run(
        arguments: [
          "train", "--data", "digits", "--batch", "128", "--output", run, "--epochs", "2",
          "--resume",
        ] + options)
      #expect(refused.status == 64)
      #expect(
        refused.errors.contains("augmentation: shift:2 there, \(here) here."), "\(refused.errors)")
    }
    #expect(
      try Data(contentsOf: folder.url.appendingPathComponent("run/configuration.json")) == before)
    let resumed = try train(run, "--epochs", "2", "--augment", "shift:2", "--resume")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let whole = folder.path("whole")
    #expect(try train(whole, "--epochs", "2", "--augment", "shift:2").status == 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: run + "/model.safetensors"))
        == Data(contentsOf: URL(fileURLWithPath: whole + "/model.safetensors")))
  }

  @Test("That move images out of their frame are refused, and leave no folder behind")
  func tooFar() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.path("run"), "--augment", "flip,shift:8")
    #expect(run.status == 64)
    #expect(
      run.errors == """
        needletail: --augment: expected a shift from 0 to 7 pixels for images of [8, 8, 1], \
        found 8; choose a smaller shift, such as an eighth of the width.

        """)
    #expect(run.output == "")
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
  }

  @Test(
    "Words that mean no augmentation are wrong arguments",
    arguments: [
      ("flp", "found 'flp'"), (",", "found ''"), ("flip,flip", "found another 'flip'"),
      ("flip,shift:0", "found 'shift:0'"), ("shift:two", "found 'shift:two'"),
    ])
  func words(_ words: String, _ found: String) throws {
    let run = try Tool.run("train", "--data", "digits", "--augment", words)
    #expect(run.status == 64)
    #expect(run.errors.hasPrefix("needletail: --augment: expected "))
    #expect(run.errors.contains("\(found); write flip,shift:4, for instance."), "\(run.errors)")
    #expect(run.output == "")
  }
}
