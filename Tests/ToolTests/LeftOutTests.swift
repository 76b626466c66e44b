import Foundation
import Testing

/// What commands leave out is told, and what they would have to guess is refused.
@Suite struct LeftOutTests {
  private func write(_ files: [String: Data], to folder: URL) throws {
    for (path, data) in files {
      let url = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url)
    }
  }

  @Test func filesThatHoldSomethingElse() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(to: folder.url.appendingPathComponent("data"))
    try write(
      [
        "data/cat/x.jpg": Data("GIF89a".utf8), "data/dog/y.jpg": Data("<html>404".utf8),
        "data/fox/z": Data("GIF89a".utf8),
      ], to: folder.url)
    let model = DigitsModel.trained.model
    for arguments in [
      ["train", "--data", "data"], ["evaluate", "--data", "data", "--model", model],
      ["predict", "--model", model, "--strict", "data"], ["data", "data"],
    ] {
      var run = try Tool.shell(
        "\"$TOOL\" " + arguments.map { "'\($0)'" }.joined(separator: " "), in: folder.url)
      if arguments[0] == "evaluate" {
        // The classes are none of the model's; its check comes first.
        #expect(run.errors.contains("one of the classes"))
        run = try Tool.run(
          "evaluate", "--data", "data", "--model", try animals(folder), in: folder.url)
      }
      #expect(run.status == (arguments[0] == "data" ? 0 : 65))
      let text = run.output + run.errors
      for line in [
        "data/cat/x.jpg: expected a PNG, JPEG or WebP file, found a GIF file, not the JPEG that its "
          + "name says",
        "data/dog/y.jpg: expected a PNG, JPEG or WebP file, found text (HTML), not the JPEG that its "
          + "name says",
        "data/fox/z: expected a PNG, JPEG or WebP file, found a GIF file",
        #"\( ! -name '*.*' -o -iname '*.jpg' \) -exec sh -c 'case $(identify"#,
      ] { #expect(text.contains(line), "\(arguments[0]): \(line) in \(text)") }
    }
  }

  /// A model of the three classes.
  private func animals(_ folder: TemporaryFolder) throws -> String {
    try PictureFolder.write(to: folder.url.appendingPathComponent("sound"))
    let run = try Tool.run(
      "train", "--data", "sound", "--epochs", "1", "--model", "mlp", "--output", "run",
      in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    return "run/model.safetensors"
  }

  @Test func predictTellsWhatItLeavesOut() throws {
    let folder = try TemporaryFolder()
    try write(
      [
        "photos/1.png": DigitsModel.png, "photos/2": DigitsModel.png,
        "photos/notes.txt": Data("a".utf8), "photos/LICENSE": Data("b".utf8), "-": DigitsModel.png,
      ], to: folder.url)
    let model = DigitsModel.trained.model
    let run = try Tool.run("predict", "--model", model, "photos/", in: folder.url)
    #expect(run.status == 0)
    #expect(try run.objects().map { $0["source"] as? String } == ["photos/1.png", "photos/2"])
    #expect(
      run.errors
        == "needletail: warning: photos: left out: 1 file that has no ending and is no image "
        + "(LICENSE); left out: 1 file ending in .txt (notes.txt); 1 file without an ending "
        + "(2) taken for an image by its bytes.\n")
    let mixed = try Tool.run("predict", "--model", model, "-", "photos/1.png", in: folder.url)
    #expect(mixed.status == 64)
    #expect(mixed.output == "")
    #expect(mixed.errors.contains("'-': expected alone, for rows on standard input, found beside"))
    let file = try Tool.run("predict", "--model", model, "./-", in: folder.url)
    #expect(try file.objects().map { $0["source"] as? String } == ["./-"])
    let none = try Tool.run("predict", "--model", model, "empty", in: folder.url)
    #expect(none.status == 66)
  }

  @Test func anUnlabelledTestPartIsNotReplaced() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(to: folder.url.appendingPathComponent("data/train"))
    try write(["data/test/1.png": PictureFolder.png(0, 1)], to: folder.url)
    let model = try animals(folder)
    let run = try Tool.run("evaluate", "--model", model, "--data", "data", in: folder.url)
    #expect(run.status == 65)
    #expect(run.output == "")
    #expect(run.errors.contains("found 1 image without labels in test"))
    let named = try Tool.run(
      "evaluate", "--model", model, "--data", "data", "--split", "training", in: folder.url)
    #expect(named.lines.first?.contains("24 training images") == true)
  }

  @Test func imagesBesideIDXFilesAreTold() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    try MNISTLikeFiles.write(to: data, training: 20, test: 10)
    try PictureFolder.write(to: data)
    let told =
      "24 image files left out (cat/0.png …), because there are IDX files: move these away"
    let run = try Tool.run(
      "train", "--data", "data", "--model", "mlp", "--epochs", "1", in: folder.url)
    #expect(run.status == 0)
    #expect(run.errors.contains("warning: data: " + told), "\(run.errors)")
    #expect(try Tool.run("data", "data", in: folder.url).output.contains("warning   " + told))
  }

  @Test func dataTakesANumberOfClasses() throws {
    let folder = try TemporaryFolder()
    let mnist = folder.url.appendingPathComponent("mnist")
    try FileManager.default.createDirectory(at: mnist, withIntermediateDirectories: true)
    try MNISTLikeFiles.write(to: mnist, training: 20, test: 10)
    let wide = try Tool.run("data", "mnist", "--classes", "27", "--json", in: folder.url).objects()
    #expect((wide.first?["classes"] as? [String])?.count == 27)
    #expect(wide.first?["refusal"] is NSNull)
    try PictureFolder.write(to: folder.url.appendingPathComponent("animals"))
    let other = try Tool.run("data", "animals", "--classes", "4", "--json", in: folder.url)
    #expect(other.status == 0)
    #expect(
      try other.objects().first?["refusal"] as? String
        == "--classes: expected 3, as in animals, found 4; leave the option out, or use other data."
    )
    #expect(try Tool.run("data", "animals", "--classes", "1", in: folder.url).status == 64)
  }
}
