import Foundation
import Images
import Testing

/// The line that converts images, run with programs in the place of ImageMagick's.
@Suite struct ConversionCommandTests {
  /// `convert` copies, and fails for names with "broken"; `identify` tells GIF and PNG by their first bytes.
  static let programs = [
    "bin/convert": """
    #!/bin/sh
    case $1 in *broken*) exit 1;; esac
    cp "${1%"[0]"}" "$3"
    """,
    "bin/identify": """
    #!/bin/sh
    case $(head -c 3 "${3%"[0]"}") in GIF) printf GIF;; PNG) printf PNG;; *) exit 1;; esac
    """,
  ]

  /// What files there are after a line was run on a folder called "it's mine".
  func run(_ line: String, on files: [String: String]) throws -> Set<String> {
    var left: Set<String> = []
    try withTemporaryFolder { folder in
      try write(Self.programs.mapValues { Array($0.utf8) }, to: folder)
      for path in Self.programs.keys {
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: folder.path + "/" + path)
      }
      let data = folder.appendingPathComponent("it's mine")
      try write(files.mapValues { Array($0.utf8) }, to: data)
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments = ["-c", line]
      shell.currentDirectoryURL = folder
      shell.environment = ["PATH": "\(folder.path)/bin:/usr/bin:/bin"]
      try shell.run()
      shell.waitUntilExit()
      left = Set(
        try FileManager.default.subpathsOfDirectory(atPath: data.path)
          .filter { !$0.hasSuffix("/x") && $0 != "x" })
    }
    return left
  }

  @Test func byEndings() throws {
    let line = ImageFormat.conversionCommand(for: [.gif, .tiff], in: ["it's mine"])
    #expect(
      line == #"find -L 'it'\''s mine' -type f \( -iname '*.gif' -o -iname '*.tif' "#
        + #"-o -iname '*.tiff' \) "#
        + #"-exec sh -c 'convert "$1[0]" -auto-orient "$1.png" && mv "$1" "$1.original"' _ {} \;"#)
    #expect(
      ImageFormat.conversionCommand(for: [.gif], in: [#"caf\xE9"#, "b"])
        .hasPrefix(#"find -L $'caf\xE9' 'b' -type f"#))
    let left = try run(
      line, on: ["a b.GIF": "1", "x/c.tif": "2", "broken.gif": "3", "d.png": "4"])
    #expect(
      left == [
        "a b.GIF.original", "a b.GIF.png", "x/c.tif.original", "x/c.tif.png", "broken.gif", "d.png",
      ])
  }

  /// Of files whose names say other formats, those that are no PNG, JPEG or WebP.
  @Test func byContents() throws {
    let line = ImageFormat.conversionCommand(for: [.bmp], misnamed: ["jpg", ""], in: ["it's mine"])
    let left = try run(
      line,
      on: [
        "a.jpg": "GIF89a", "b.JPG": "PNG", "c": "GIF87a", "x/d.jpg": "<html>", "e.bmp": "GIF",
        "f.png": "GIF",
      ])
    #expect(
      left == [
        "a.jpg.original", "a.jpg.png", "b.JPG", "c.original", "c.png", "x/d.jpg", "e.bmp.original",
        "e.bmp.png", "f.png",
      ])
  }

  /// Labels by names survive it.
  @Test func convertedNamesKeepTheirLabels() throws {
    try withTemporaryFolder { folder in
      try write(["cat.0.gif.png": [], "dog.1.jpg": []], to: folder)
      #expect(try ImageListing(of: folder).classNames == ["cat", "dog"])
    }
  }
}
