import Foundation
import Testing

/// Numbers that would mislead: those that overflow, those on another scale; and how they come.
@Suite("Predict: numbers")
struct PredictNumbersTests {
  private let model = DigitsModel.trained.model
  private let row = DigitsModel.row
  private let huge = [String](repeating: "3.4e38", count: 64).joined(separator: ",")

  private func message(_ line: Int) -> String {
    "standard input, row \(line): expected finite numbers as the model's outputs, found an overflow "
      + "or NaN; check the scale of the numbers that go in."
  }

  @Test("Outputs that are not finite are an error of their row")
  func overflow() throws {
    let run = try Tool.run("predict", "--model", model, input: "\(row)\n\(huge)\n\(row)\nx\n")
    #expect(run.status == 65)
    let objects = try run.objects()
    try #require(objects.map { $0["error"] != nil } == [false, true, false, true])
    #expect(Set(objects[1].keys) == ["error", "line", "source"])
    #expect(objects[1]["error"] as? String == message(2))
    #expect(objects[1]["line"] as? Int == 2)
    #expect(
      run.errors.hasSuffix(
        "needletail: 2 examples could not be predicted; the first: \(message(2))\n"))
    let csv = try Tool.run(
      "predict", "--model", model, "--format", "csv", input: "\(huge)\n\(row)\n")
    #expect(csv.status == 65)
    try #require(csv.lines.count == 3)
    #expect(csv.lines[1] == "row 1,,,,,,,,,,,,,\"\(message(1))\"")
    #expect(csv.lines[2].hasPrefix("row 2,"))
    #expect(!csv.output.contains("nan"))
    let strict = try Tool.run(
      "predict", "--strict", "--model", model, input: "\(row)\n\(huge)\n\(row)\n")
    #expect(strict.status == 65)
    #expect(try strict.objects().map { $0["source"] as? String } == ["row 1"])
    #expect(strict.errors.hasSuffix("needletail: \(message(2))\n"))
  }

  @Test("A byte-order mark is skipped, also if it comes in pieces; UTF-16 is named")
  func byteOrderMarks() throws {
    let plain = try Tool.run("predict", "--model", model, input: row + "\n")
    let marked = try Tool.run("predict", "--model", model, input: "\u{FEFF}\(row)\n")
    #expect(marked.status == 0, "\(marked.errors)")
    #expect(marked.output == plain.output)
    let pieces = try Tool.shell(
      "(printf '\\357'; sleep 0.1; printf '\\273'; sleep 0.1; printf '\\277'; echo '\(row)') | "
        + "\"$TOOL\" predict --model \(model)")
    #expect(pieces.output == plain.output)
    // Files that were joined have one each; elsewhere it is no number.
    let joined = try Tool.run(
      "predict", "--model", model, input: "\u{FEFF}\(row)\n\u{FEFF}\(row)\n\u{FEFF}\n")
    #expect(joined.status == 0, "\(joined.errors)")
    #expect(joined.lines.count == 2)
    let inside = try Tool.run(
      "predict", "--model", model, input: row.replacing(",", with: ",\u{FEFF}", maxReplacements: 1))
    #expect(inside.status == 65)
    #expect(inside.errors.contains("row 1: expected number 2 of 64, found \"\u{FEFF}"))
    for (bytes, name) in [
      ("\\377\\3761\\0,\\0", "UTF-16"), ("\\376\\377\\0001", "UTF-16"),
      ("\\377\\376\\0\\0001\\0\\0\\0", "UTF-32"),
    ] {
      let run = try Tool.shell("printf '\(bytes)' | \"$TOOL\" predict --model \(model)")
      #expect(run.status == 65)
      #expect(run.output == "")
      #expect(
        run.errors
          == "needletail: standard input, row 1: expected text in UTF-8, found the byte-order mark "
          + "of \(name); convert it: iconv -f \(name) -t UTF-8.\n")
    }
  }

  @Test("--header skips one line, which counts")
  func header() throws {
    let run = try Tool.run(
      "predict", "--header", "--model", model, input: "\u{FEFF}a,b,c\n\(row)\n1,2\n")
    #expect(try run.objects().map { $0["source"] as? String } == ["row 2", "row 3"])
    #expect(run.errors.hasPrefix("needletail: standard input, row 3: expected 64 numbers"))
    let only = try Tool.run("predict", "--header", "--model", model, input: "a,b,c\n")
    #expect(only.status == 0)
    #expect(only.output == "")
    let pieces = try Tool.shell(
      "(echo a,b; sleep 0.1; echo '\(row)') | \"$TOOL\" predict --header --model \(model)")
    #expect(try pieces.objects().map { $0["source"] as? String } == ["row 2"])
    let without = try Tool.run("predict", "--model", model, input: "\"a\",b\n\(row)\n")
    #expect(without.status == 65)
    #expect(without.errors.hasSuffix(", or skip a head with --header.\n"))
    for head in ["p0,p1", " \"größe\";b", "1a,2b", "\u{FEFF}pixel_0 1"] {
      let run = try Tool.run("predict", "--model", model, input: "\(head)\r\n\(row)\r\n\r\n")
      #expect(run.status == 65)
      #expect(run.errors.hasSuffix(", or skip a head with --header.\n"), "\(run.errors)")
      #expect(try run.objects().map { $0["source"] as? String } == ["row 1", "row 2"])
    }
    let noHead = try Tool.run("predict", "--model", model, input: "nan,1e99,0x1p3\n\(row)\na,b\n")
    #expect(!noHead.output.contains("--header"))
    let images = try Tool.run("predict", "--header", "--model", model, "a.png")
    #expect(images.status == 64)
    #expect(
      images.errors.hasPrefix(
        "needletail: --header: expected rows on standard input, found images."))
  }

  private func warnings(_ values: [String], model: String? = nil) throws -> [Substring] {
    let run = try Tool.run(
      "predict", "--model", model ?? self.model, input: values.joined(separator: "\n") + "\n")
    #expect(run.status == 0, "\(run.errors)")
    return run.errors.split(separator: "\n")
  }

  private func scaled(_ factor: Double) -> String {
    (0..<64).map { "\(Double($0 % 17) * factor)" }.joined(separator: ",")
  }

  @Test("Rows on another scale than the model's are warned of once")
  func scale() throws {
    let fractions = [String](repeating: scaled(1.0 / 16), count: 300)
    #expect(
      try warnings(fractions) == [
        """
        needletail: warning: standard input: the numbers of the first rows lie between 0 and 1, \
        but the model was trained on numbers that it multiplies by 1/16: expected the same raw \
        values as in its training.
        """
      ])
    let bytes = [String](repeating: scaled(255.0 / 16), count: 300)
    #expect(try warnings(bytes).count == 1)
    // Rows as they should be; dark ones, also all of them; one that is not raw among others.
    #expect(try warnings([row]) == [])
    let dark = [String](repeating: "0", count: 63).joined(separator: ",") + ",1"
    #expect(try warnings([String](repeating: dark, count: 300)) == [])
    #expect(try warnings([row, scaled(1.0 / 16)]) == [])
  }

  @Test("Rows of a model of pixels: standardised ones are warned of, a few numbers are not")
  func scaleOfPixels() throws {
    let folder = try TemporaryFolder()
    for (label, name) in ["a", "b"].enumerated() {
      let place = folder.url.appendingPathComponent("images/\(name)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for number in 0..<3 {
        try PictureFolder.png(label, number, side: 3)
          .write(to: place.appendingPathComponent("\(number).png"))
      }
    }
    let trained = try Tool.run(
      "train", "--data", folder.path("images"), "--epochs", "1", "--model", "mlp", "--output",
      folder.path("run"))
    #expect(trained.status == 0, "\(trained.errors)")
    let model = folder.path("run/model.safetensors")
    let standard = "-1.5,0.25,1.5,0,0.5,-0.5,1,-1,2"
    let told = try warnings([standard, standard], model: model)
    #expect(told.count == 1)
    #expect(told.first?.contains("lie between -1.5 and 2, but the model was trained on") == true)
    #expect(told.first?.contains("multiplies by 1/255:") == true)
    // Nine numbers may be small by chance.
    #expect(try warnings([standard], model: model) == [])
    #expect(try warnings(["0,1,2,3,4,5,250,251,252", standard], model: model) == [])
  }

  @Test("Pixels of files are brought to the range that the model was trained on")
  func files() throws {
    let folder = try TemporaryFolder()
    // 8 × 8, white.
    let white = Data(
      base64Encoded: """
        iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEElEQVR4nGP8zwABTAwUMQBJQQEPeWDz+AAAAABJRU5E
        rkJggg==
        """.filter { !$0.isWhitespace })
    try white?.write(to: folder.url.appendingPathComponent("a.png"))
    let run = try Tool.run("predict", "--model", model, "a.png", in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors == "")
    let row = [String](repeating: "16", count: 64).joined(separator: ",")
    let same = try Tool.run("predict", "--model", model, input: row + "\n")
    #expect(
      try run.objects()[0]["probabilities"] as? [Double]
        == same.objects()[0]["probabilities"] as? [Double])
    // A dark image has small numbers, and fractions: it is no mistake.
    let dark = folder.url.appendingPathComponent("dark.png")
    try SmallImages.write(
      "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEElEQVR4nGPkYIAAJgaKGAAEwAAY0b34OwAAAABJRU5ErkJggg==",
      to: dark)
    let darkRun = try Tool.run("predict", "--model", model, dark.path)
    #expect(darkRun.status == 0)
    #expect(darkRun.errors == "")
  }

  @Test("CSV quotes by bytes: a comma before a combining mark is a comma")
  func quoting() throws {
    let folder = try TemporaryFolder()
    for name in ["a,\u{301}b", "c\"\u{301}d", "=1+1", "-x", "plain"] {
      let url = folder.url.appendingPathComponent("images/\(name)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try DigitsModel.png.write(to: url.appendingPathComponent("1.png"))
    }
    let trained = try Tool.run(
      "train", "--data", folder.path("images"), "--epochs", "1", "--model", "mlp", "--output",
      folder.path("run"))
    #expect(trained.status == 0, "\(trained.errors)")
    let run = try Tool.run(
      "predict", "--model", folder.path("run/model.safetensors"), "--format", "csv",
      "images/plain/1.png", "images/a,\u{301}b/1.png", in: folder.url)
    let utf8 = Array(run.output.utf8)
    #expect(
      utf8.starts(with: Array("source,label,class,probability of -x,probability of =1+1,".utf8)))
    for field in [
      "\"probability of a,\u{301}b\"", "\"probability of c\"\"\u{301}d\"",
      "\"images/a,\u{301}b/1.png\"",
    ] {
      #expect(utf8.firstRange(of: Array(field.utf8)) != nil, "\(field)")
    }
    // Nine columns in each line, by bytes.
    for line in utf8.split(separator: UInt8(ascii: "\n")) {
      var isQuoted = false
      var commas = 0
      for byte in line {
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        if byte == UInt8(ascii: ","), !isQuoted { commas += 1 }
      }
      #expect(commas == 8)
    }
  }
}
