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
        + (0...9).map { "probability of \($0)" }.joined(separator: ","))
    for line in run.lines { #expect(line.split(separator: ",").count == 13) }
    #expect(run.lines[2].hasPrefix("row 2,"))
  }

  struct BadRow: CustomTestStringConvertible {
    let text: String
    let complaint: String
    var testDescription: String { complaint }
  }

  @Test(
    "A bad row ends the command, after the rows before it",
    arguments: [
      BadRow(text: "1,2,3", complaint: "expected 64 numbers, found 3"),
      BadRow(text: "1,2,x", complaint: "expected number 3 of 64, found \"x\""),
      BadRow(text: "1,,2", complaint: "expected a number, found nothing between two commas"),
      BadRow(text: "nan 1", complaint: "expected number 1 of 64, found \"nan\""),
    ])
  func badRow(_ bad: BadRow) throws {
    let run = try Tool.run(
      "predict", "--model", model, input: "\(row)\n\(row)\n\(bad.text)\n\(row)\n")
    #expect(run.status == 65)
    #expect(
      run.errors == """
        needletail: standard input, row 3: \(bad.complaint); write one example a line, its numbers \
        parted by commas or spaces.

        """)
    #expect(try run.objects().map { $0["source"] as? String } == ["row 1", "row 2"])
  }

  @Test("A line without end is refused before it fills the memory")
  func endlessLine() throws {
    let run = try Tool.shell("head -c 1000000 /dev/zero | \"$TOOL\" predict --model \(model)")
    #expect(run.status == 65)
    #expect(run.errors.contains("expected lines of at most 8192 bytes"))
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
      "predict", "--model", model, "b.png", "folder", "cut.png", "b.png", in: folder.url)
    #expect(
      try run.objects().map { $0["source"] as? String }
        == ["b.png", "folder/1/x.png", "folder/2.png"])
    #expect(run.status == 65)
    #expect(run.errors.contains("cut.png, byte 33: expected another chunk"))
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
