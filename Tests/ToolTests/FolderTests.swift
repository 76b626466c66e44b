import Foundation
import Testing

/// Folders of image files as people have them, through the tool.
@Suite struct FolderTests {
  /// The run of a short training without output.
  func train(_ data: String, _ options: String...) throws -> Tool.Run {
    try Tool.run(
      arguments: ["train", "--data", data, "--epochs", "1", "--batch", "8", "--threads", "2"]
        + options)
  }

  @Test func theHeadTellsHowAFolderWasRead() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("animals")
    try PictureFolder.write(to: data.appendingPathComponent("Training_Set"))
    try PictureFolder.write(count: 2, first: 50, to: data.appendingPathComponent("Test_Set"))
    try Data().write(to: data.appendingPathComponent("Training_Set/cat/notes"))
    let run = try train(data.path)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("24 images of 16×16×1 in 3 classes, 6 to test"))
    #expect(run.output.contains("layout    a folder a class, in the parts Training_Set, Test_Set"))
    #expect(run.output.contains("images    16×16 in grey, PNG"))
    #expect(
      run.output.contains(
        "left out  1 file that has no ending and is no image (Training_Set/cat/notes)"))
    let started = try train(data.path, "--json").objects()[0]
    #expect(started["left_out"] as? Int == 1)
    #expect(started["skipped"] as? Int == 0)
  }

  @Test func refusalsSayWhatToDo() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("vehicles")
    try PictureFolder.write(["bus", "car"], to: data)
    try PictureFolder.write(["steam", "diesel"], to: data.appendingPathComponent("train"))
    let refused = try train(data.path)
    #expect(refused.status == 65)
    #expect(refused.errors.contains("train, named for parts, beside bus, car"))
    #expect(refused.errors.contains("--layout classes"))
    let classes = try train(data.path, "--layout", "classes")
    #expect(classes.status == 0)
    #expect(classes.output.contains("32 images of 16×16×1 in 3 classes"))
    let parts = try train(data.path, "--layout", "parts")
    #expect(parts.output.contains("16 images of 16×16×1 in 2 classes"))
    #expect(parts.output.contains("16 images in folders beside the parts (bus …)"))

    let one = folder.url.appendingPathComponent("one")
    try PictureFolder.write(["cat"], to: one)
    let single = try train(one.path)
    #expect(single.status == 65)
    #expect(single.errors.contains("at least two classes"))

    let testOnly = folder.url.appendingPathComponent("parts")
    try PictureFolder.write(to: testOnly.appendingPathComponent("test"))
    #expect(try train(testOnly.path).status == 65)
    #expect(try train(testOnly.path, "--split", "test").status == 0)
  }

  @Test func allBadFilesAtOnce() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("data")
    try PictureFolder.write(to: data.appendingPathComponent("train"))
    try PictureFolder.write(count: 2, first: 50, to: data.appendingPathComponent("val"))
    let bad = ["train/cat/0.png", "train/dog/3.png", "val/fox/51.png"]
    for path in bad { try Data().write(to: data.appendingPathComponent(path)) }
    let refused = try train(data.path)
    #expect(refused.status == 65)
    #expect(refused.errors.contains("3 of 30 images cannot be read"))
    for path in bad { #expect(refused.errors.contains("data/\(path): ")) }
    #expect(!refused.output.contains("epoch"))

    let skipped = try train(data.path, "--skip-bad")
    #expect(skipped.status == 0)
    #expect(skipped.output.contains("22 images of 16×16×1 in 3 classes, 5 to validate"))
    #expect(skipped.output.contains("3 images that cannot be read"))
  }

  @Test func aTrainingsPreparationIsThePredictions() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("data")
    try PictureFolder.write(to: data)
    let model = folder.path("run") + "/model.safetensors"
    let run = try train(
      data.path, "--resize", "crop", "--input", "12x8x1", "--output", folder.path("run"),
      "--epochs", "6")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("resized to 12×8 (crop)"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: model))
    #expect(bytes.range(of: Data("upright,crop 0...255.0".utf8)) != nil)
    // The same pixels, so the same number of right answers.
    let evaluation = try Tool.run(
      "evaluate", "--model", model, "--data", data.path, "--json"
    ).objects()[0]
    let correct = try #require(evaluation["accuracy"] as? Double) * 24
    let predictions = try Tool.run("predict", "--model", model, data.path).objects()
    let right = predictions.count {
      ($0["source"] as? String)?.contains("/\($0["class"] as? String ?? "?")/") == true
    }
    #expect(right == Int(correct.rounded()))
  }

  @Test func runFoldersInTheDataAreNoClasses() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(to: folder.url)
    for _ in 0..<2 {
      let name = folder.path("runs/\(UUID().uuidString)")
      let run = try train(folder.url.path, "--output", name)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("24 images of 16×16×1 in 3 classes"))
    }
  }

  @Test func aClassThatIsARunFolderKeepsItsImages() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(to: folder.url)
    // The run is written into a class, then into the data folder itself.
    for name in ["cat", "."] {
      let run = try train(folder.url.path, "--output", folder.path(name))
      #expect(run.status == 0, "\(run.errors)")
    }
    let resumed = try train(
      folder.url.path, "--output", folder.url.path, "--resume", "--epochs", "2")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("24 images of 16×16×1 in 3 classes"))
  }

  @Test func aValidationThatIsNoNumberIsADivergence() throws {
    let folder = try TemporaryFolder()
    for part in ["train", "val"] {
      try PictureFolder.write(to: folder.url.appendingPathComponent(part))
    }
    let run = try train(
      folder.url.path, "--learning-rate", "1e30", "--json", "--output", folder.path("run"))
    #expect(run.status == 65)
    #expect(try run.objects().last?["outcome"] as? String == "diverged")
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")))
  }

  @Test func otherPixelsOfTheSameFilesAreAnotherSetting() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("data")
    try PictureFolder.write(to: data)
    #expect(try train(data.path, "--output", folder.path("run")).status == 0)
    let other = try train(
      data.path, "--output", folder.path("run"), "--resume", "--resize", "crop", "--epochs", "2")
    #expect(other.status == 64)
    #expect(other.errors.contains("image preparation: upright,squash 0...255.0 there"))
    #expect(!other.errors.contains("--resume-with-changed-data"))
  }

  @Test func labelsByNamesAndByLists() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("flat")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    var list = "file;label\n"
    for number in 0..<16 {
      let name = "\(number % 2 == 0 ? "cat" : "dog").\(number).png"
      try PictureFolder.png(number % 2, number).write(to: data.appendingPathComponent(name))
      list += "\(name);\(number < 8 ? "young" : "old")\n"
    }
    let named = try train(data.path)
    #expect(named.status == 0)
    #expect(named.output.contains("16 images of 16×16×1 in 2 classes"))
    #expect(named.output.contains("layout    classes by the files' names"))
    let labels = folder.path("labels.csv")
    try Data(list.utf8).write(to: URL(fileURLWithPath: labels))
    let listed = try train(data.path, "--labels", labels, "--output", folder.path("run"))
    #expect(listed.status == 0, "\(listed.errors)")
    #expect(
      listed.output.contains("layout    labels from a list; labels.csv: file: file, label: label"))
    let inspected = try Tool.run("inspect", folder.path("run") + "/model.safetensors")
    #expect(inspected.output.contains("old, young"))
  }

  @Test func dataTellsWithoutTraining() throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("data")
    try PictureFolder.write(to: data.appendingPathComponent("train"))
    try PictureFolder.write(["cat"], count: 2, to: data.appendingPathComponent("test"))
    try Data([1, 2, 3]).write(to: data.appendingPathComponent("train/dog/x.png"))
    let run = try Tool.run("data", data.path)
    #expect(run.status == 0)
    for text in [
      "24 training, 2 test in 3 classes", "damaged   1:", "train/dog/x.png",
      "train     would refuse: 1 image cannot be read", "cat           8     2",
    ] { #expect(run.output.contains(text), "\(text) in \(run.output)") }
    let object = try Tool.run("data", data.path, "--json").objects()[0]
    let parts = try #require(object["parts"] as? [[String: Any]])
    #expect(parts.map { $0["part"] as? String } == ["training", "test"])
    #expect(parts[0]["class_counts"] as? [Int] == [8, 8, 8])
    #expect(parts[1]["class_counts"] as? [Int] == [2, 0, 0])
    #expect((object["damaged"] as? [Any])?.count == 1)
    let skipping = try Tool.run("data", data.path, "--skip-bad")
    #expect(skipping.output.contains("would learn from 24 images of 16×16×1 with digits-cnn"))
    #expect(
      try Tool.run("data", "digits").output.contains("1,442 training, 355 test in 10 classes"))
    #expect(try Tool.run("data", folder.path("none")).status == 66)
    // Also where nothing can be read.
    let bad = folder.url.appendingPathComponent("bad")
    for name in ["a/1.gif", "b/1.png"] {
      let url = bad.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data([1]).write(to: url)
    }
    let nothing = try Tool.run("data", bad.path, "--json")
    #expect(nothing.status == 0)
    #expect((try nothing.objects()[0]["damaged"] as? [Any])?.count == 2)
    #expect(try Tool.run("data", bad.path).output.contains("-iname '*.gif'"))
  }

  @Test func optionsOfAnotherFormAreRefused() throws {
    for options in [["--layout", "parts"], ["--skip-bad"], ["--resize", "crop"], ["--transpose"]] {
      let run = try Tool.run(arguments: ["train", "--data", "digits", "--epochs", "1"] + options)
      #expect(run.status == 65)
      #expect(run.errors.contains("found the digits that are built in"), "\(run.errors)")
    }
  }

  @Test func dataShowsFoldersThatAreNotClear() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(["bus"], to: folder.url)
    try PictureFolder.write(["a", "b"], to: folder.url.appendingPathComponent("train"))
    let run = try Tool.run("data", folder.url.path)
    #expect(run.status == 0)
    #expect(run.output.contains("train/a  8 images"))
    #expect(run.output.contains("would refuse"))
    let object = try Tool.run("data", folder.url.path, "--json").objects()[0]
    #expect((object["folders"] as? [[String: Any]])?.count == 4)
  }
}
