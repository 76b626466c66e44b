import Foundation
import Testing

@Suite("Predict")
struct PredictTests {
  private let model = DigitsModel.trained.model
  private let row = DigitsModel.row

  @Test("Rows on standard input become JSON lines in order")
  func rows() throws {
    let spaced = row.replacingOccurrences(of: ",", with: "  ")
    let run = try Tool.run(
      "predict", "--model", model, input: "\(row)\n\(spaced) \r\n\n\(row)")
    #expect(run.status == 0, "\(run.errors)")
    let objects = try run.objects()
    #expect(objects.map { $0["source"] as? String } == ["row 1", "row 2", "row 4"])
    for object in objects {
      #expect(Set(object.keys) == ["source", "class", "label", "probabilities"])
      let probabilities = try #require(object["probabilities"] as? [Double])
      #expect(probabilities.count == 10)
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
      let label = try #require(object["label"] as? Int)
      #expect(probabilities[label] == probabilities.max())
      #expect(object["class"] as? String == String(label))
    }
  }

  @Test("CSV has a head and a row an example")
  func csv() throws {
    let run = try Tool.run(
      "predict", "--model", model, "--format", "csv", "-", input: "\(row)\n\(row)\n")
    #expect(run.lines.count == 3)
    #expect(
      run.lines[0]
        == "source,label,class,"
        + (0...9).map { "probability of \($0)" }.joined(separator: ",") + ",error")
    for line in run.lines {
      #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == 14)
    }
    #expect(run.lines[2].hasPrefix("row 2,"))
  }

  struct BadRow: CustomTestStringConvertible {
    let text: String
    let complaint: String
    var advice = "write one example a line, its numbers parted by commas or spaces"
    var testDescription: String { complaint }
  }

  private static let badRows = [
    BadRow(text: "1,2,3", complaint: "expected 64 numbers, found 3"),
    BadRow(text: "1,2,x", complaint: "expected number 3 of 64, found \"x\""),
    BadRow(
      text: "1,,2", complaint: "expected number 2 of 64, found nothing between two commas",
      advice: "write 0, or what the model was trained on, where a value is missing"),
    BadRow(
      text: "nan 1", complaint: "expected number 1 of 64, found \"nan\"",
      advice: "put a finite number where a value is missing or too large, or leave the row out"),
    BadRow(
      text: String(repeating: "7", count: 9000),
      complaint: "expected lines of at most 8192 bytes, found a longer one",
      advice: "write one example a line"),
  ]

  private func message(_ bad: BadRow) -> String {
    "standard input, row 3: \(bad.complaint); \(bad.advice)."
  }

  @Test("A bad row gets its error in its place, and the others go on", arguments: badRows)
  func badRow(_ bad: BadRow) throws {
    let run = try Tool.run(
      "predict", "--model", model, input: "\(row)\n\(row)\n\(bad.text)\n\(row)\n")
    #expect(run.status == 65)
    #expect(run.errors == "needletail: \(message(bad))\n")
    let objects = try run.objects()
    #expect(objects.map { $0["source"] as? String } == ["row 1", "row 2", "row 3", "row 4"])
    #expect(objects.map { $0["class"] == nil } == [false, false, true, false])
    #expect(Set(objects[2].keys) == ["error", "line", "source"])
    #expect(objects[2]["error"] as? String == message(bad))
    #expect(objects[2]["line"] as? Int == 3)
    // The rows around it are answered as if it were not there.
    let good = try Tool.run("predict", "--model", model, input: "\(row)\n\(row)\n\n\(row)\n")
    #expect(run.lines[0] == good.lines[0] && run.lines[3] == good.lines[2])
  }

  @Test("With --strict a bad row ends the command, after the rows before it", arguments: badRows)
  func strict(_ bad: BadRow) throws {
    let run = try Tool.run(
      "predict", "--strict", "--model", model, input: "\(row)\n\(row)\n\(bad.text)\n\(row)\n")
    #expect(run.status == 65)
    #expect(run.errors == "needletail: \(message(bad))\n")
    #expect(try run.objects().map { $0["source"] as? String } == ["row 1", "row 2"])
  }

  @Test("Bad rows in CSV, many of them, and the end of the last line")
  func badRowsInCSV() throws {
    let run = try Tool.run(
      "predict", "--model", model, "--format", "csv", input: "\(row)\n1\n2\n\(row)\nx")
    #expect(run.status == 65)
    #expect(
      run.errors.hasPrefix(
        "needletail: 3 examples could not be predicted; the first: standard input, row 2: "))
    #expect(run.lines.count == 6)
    let complaint = "expected 64 numbers, found 1; write one example a line, its numbers parted by"
    #expect(run.lines[2].hasPrefix("row 2,,,,,,,,,,,,,\"standard input, row 2: \(complaint)"))
    #expect(
      run.lines[5].hasPrefix("row 5,,,,,,,,,,,,,\"standard input, row 5: expected number 1 of"))
  }

  @Test("Rows of many portions keep their order, whatever pieces they come in")
  func manyRows() throws {
    let folder = try TemporaryFolder()
    var rows = ""
    for index in 0..<1500 {
      rows += index % 7 == 3 ? "bad\n" : row + "\n"
    }
    try Data(rows.utf8).write(to: folder.url.appendingPathComponent("rows"))
    let whole = try Tool.shell("\"$TOOL\" predict --model \(model) < rows", in: folder.url)
    let sources = try whole.objects().map { $0["source"] as? String }
    #expect(sources == (1...1500).map { "row \($0)" })
    for (index, object) in try whole.objects().enumerated() {
      #expect((object["error"] == nil) == (index % 7 != 3))
    }
    let pieces = try Tool.shell(
      "dd if=rows bs=997 status=none | \"$TOOL\" predict --model \(model)", in: folder.url)
    #expect(try pieces.objects().map { $0["source"] as? String } == sources)
    #expect(
      try pieces.objects().map { $0["class"] as? String }
        == whole.objects().map { $0["class"] as? String })
  }

  @Test("A line without end takes no memory", arguments: ["", "--strict"])
  func endlessLine(option: String) throws {
    let limit = Tool.isSanitized ? "" : "ulimit -v 2000000;"
    let run = try Tool.shell(
      "head -c 300000000 /dev/zero | (\(limit) \"$TOOL\" predict \(option) --model \(model))"
    )
    #expect(run.status == 65)
    #expect(run.errors.contains("expected lines of at most 8192 bytes"))
    #expect(run.lines.count == (option.isEmpty ? 1 : 0))
  }

  @Test("An answer comes before the next row is asked for")
  func streaming() throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      """
      mkfifo in out; "$TOOL" predict --model \(model) < in > out &
      exec 3> in 4< out
      echo '\(row)' >&3; read -r answer <&4; echo "$answer"
      echo '\(row)' >&3; read -r answer <&4; echo "$answer"
      exec 3>&-; wait
      """, in: folder.url)
    #expect(try run.objects().map { $0["source"] as? String } == ["row 1", "row 2"])
  }

  @Test("Images and folders of them, and a file that cannot be decoded")
  func images() throws {
    let folder = try TemporaryFolder()
    func write(_ name: String, _ data: Data) throws {
      let url = folder.url.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url)
    }
    try write("b.png", DigitsModel.png)
    try write("folder/2.png", DigitsModel.png)
    try write("folder/1/x.png", DigitsModel.png)
    try write("folder/notes.txt", Data("no image".utf8))
    try write("cut.png", DigitsModel.png.prefix(40))
    let run = try Tool.run(
      "predict", "--model", model, "b.png", "cut.png", "folder", "b.png", in: folder.url)
    let objects = try run.objects()
    #expect(
      objects.map { $0["source"] as? String }
        == ["b.png", "cut.png", "folder/1/x.png", "folder/2.png", "b.png"])
    #expect(objects.map { $0["error"] == nil } == [true, false, true, true, true])
    #expect(objects[0]["label"] as? Int == objects[4]["label"] as? Int)
    #expect(run.status == 65)
    #expect(run.errors.contains("cut.png, byte 33: expected another chunk"))
    let strict = try Tool.run(
      "predict", "--strict", "--model", model, "b.png", "cut.png", "b.png", in: folder.url)
    // All are looked at before the first answer.
    #expect(strict.output == "")
    #expect(strict.errors.contains("1 of 3 images cannot be read"))
    let skipping = try Tool.run(
      "predict", "--skip-bad", "--model", model, "b.png", "cut.png", "b.png", in: folder.url)
    #expect(skipping.status == 0)
    #expect(try skipping.objects().map { $0["source"] as? String } == ["b.png", "b.png"])
    #expect(skipping.errors.contains("1 image left out that cannot be read"))
    #expect(strict.status == 65)
    let missing = try Tool.run("predict", "--model", model, "none.png", in: folder.url)
    #expect(missing.status == 66)
  }

  @Test("A reader that goes away ends the command quietly")
  func closedPipe() throws {
    let folder = try TemporaryFolder()
    let rows = String(repeating: row + "\n", count: 5000)
    try Data(rows.utf8).write(to: folder.url.appendingPathComponent("rows"))
    let run = try Tool.shell(
      "\"$TOOL\" predict --model \(model) < rows | head -n 1", in: folder.url)
    #expect(run.lines.count == 1)
    #expect(run.errors == "")
  }
}
