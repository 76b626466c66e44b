import Datasets
import FilePaths
import Foundation
import Images

extension ParserCase {
  /// The cases of texts and of names of files.
  static let textCases: [ParserCase] = [
    ParserCase(
      "delimited-text",
      seeds: [
        "file,label\r\n\"a, b.png\",\"say \"\"x\"\"\"\r\n\"c\nd.png\",\"e\"\r\n",
        "\u{FEFF}\"α\";\"β\"\n\"γ;δ\" ; \"ε\"\n\n\"ζ\";\"η\"", "\"a\"\t\"b\"\r\"c\"\t\" d \"",
      ].map { Array($0.utf8) },
      parse: { bytes in
        let rows = try DelimitedText(bytes, name: fileName).rows
        var line = 0
        for row in rows {
          try check(row.line > line, "line \(row.line) behind line \(line)")
          line = row.line
          try check(row.fields.contains { !$0.isEmpty }, "a blank row")
          try check(row.fields.allSatisfy { $0.utf8.count <= 4096 }, "a long field")
        }
      }),
    ParserCase(
      "label-list",
      seeds: [
        "\"file\",\"label\",\"split\"\n\"images/1.jpg\",\"cat|dog\",\"train\"\n\"2.jpg\",\"dog\",\"test\"\n",
        "\"file\",\"cat\",\"indoors\"\n\"1.jpg\",\"1\",\"0\"\n\"2.jpg\",\"0\",\"1\"\n",
        "\"1.jpg\";\"Katze\"\r\n\"2.jpg\";\"Küken\"\r\n",
      ].map { Array($0.utf8) },
      parse: { bytes in
        let list = try LabelList(bytes, url: URL(fileURLWithPath: "/" + fileName))
        try check(!list.columnText.isEmpty, "columns without a name")
        for entry in list.entries {
          let labels = entry.labels
          try check(!labels.contains(""), "an empty label")
          try check(Set(labels).count == labels.count, "a label twice: \(labels)")
        }
      }),
    ParserCase(
      "file-names",
      seeds: ["cat.0.jpg\ndog (12).png\ncow_3.png", "katze-1.jpg"].map { Array($0.utf8) },
      parse: { bytes in
        let names = bytes.split(separator: 0x0A).map { PathText.encode($0) }
        for (name, part) in zip(names, bytes.split(separator: 0x0A)) {
          try check(PathText.decode(name) == Array(part), "another name than \(name)")
          try check(!name.utf8.contains(0x0A), "a line feed in \(name)")
        }
        // Names that tell no labels are no error; here they count as refused.
        guard let labels = FileNameLabels(of: names)?.labels else {
          throw DatasetError(
            .malformed, at: fileName, expected: "names that tell labels", found: "others",
            advice: "sort the images into folders")
        }
        try check(labels.count == names.count && !labels.contains(""), "\(labels)")
      }),
    ParserCase(
      "image-check",
      seeds: [
        SampleBytes.png(channels: 3), SampleBytes.jpeg(channels: 3, progressive: true),
        SampleBytes.withExif(
          SampleBytes.exif(orientation: 6), jpeg: SampleBytes.jpeg(channels: 3)),
        SampleBytes.extendedWebP(
          flags: 8, SampleBytes.webp(isLossless: false),
          [("EXIF", SampleBytes.exif(orientation: 5))]),
      ],
      parse: { bytes in
        let decoder = try ImageDecoder(limits: ImageLimits(maximumPixelCount: 1 << 16))
        let header = try bytes.withUnsafeBytes { try decoder.check($0, name: fileName) }
        try check(
          header.width > 0 && header.height > 0 && header.width * header.height <= 1 << 16,
          "\(header.width) × \(header.height) pixels")
      }),
  ]
}
