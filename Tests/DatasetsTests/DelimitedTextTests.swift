import Datasets
import Testing

@Suite struct DelimitedTextTests {
  func fields(_ text: String) throws -> [[String]] {
    try DelimitedText(Array(text.utf8), name: "list").rows.map(\.fields)
  }

  @Test func separatorsAndLineEnds() throws {
    #expect(try fields("a,b\r\nc, d \r\r\ne,f") == [["a", "b"], ["c", "d"], ["e", "f"]])
    #expect(try fields("a\tb\nc\td\n\n") == [["a", "b"], ["c", "d"]])
    #expect(try fields("\u{FEFF}a,b\n") == [["a", "b"]])
    #expect(try fields("a,,b\n,,\n") == [["a", "", "b"]])
    // The first line decides, whatever the others hold more of.
    #expect(try fields("a;b\n1,5;2,5,5\n") == [["a", "b"], ["1,5", "2,5,5"]])
    #expect(try fields("") == [])
  }

  @Test func quotedFields() throws {
    #expect(
      try fields("\"a,b\",\"say \"\"no\"\"\"\n\"x\ny\" ,z\n") == [
        ["a,b", "say \"no\""], ["x\ny", "z"],
      ])
    let rows = try DelimitedText(Array("\"x\ny\",1\nb,2\n".utf8), name: "list").rows
    #expect(rows.map(\.line) == [1, 3])
  }

  @Test(arguments: ["\"a", "a,\"b\"c\n"])
  func brokenQuotes(text: String) {
    #expect(throws: DatasetError.self) { try fields(text) }
  }

  /// Names of files are bytes: a list in Latin-1 has them as they are on the disk.
  @Test func otherBytes() throws {
    let latin: [UInt8] = Array("file;t".utf8) + [0xE9] + Array("\r\n\"".utf8) + [0xE9]
    let rows = try DelimitedText(latin + Array(".png\";x\r\n".utf8), name: "list").rows
    #expect(rows.map(\.fields) == [["file", #"t\xE9"#], [#"\xE9.png"#, "x"]])
    // A text form in a list in UTF-8 stays one.
    #expect(try fields(#"caf\xE9.png,é"#) == [[#"caf\xE9.png"#, "é"]])
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x61, 0, 0x2C, 0], "UTF-16 or UTF-32"),
      ([0x61, 0, 0x2C], "bytes that are zero"),
    ] as [([UInt8], String)])
  func wideCharacters(bytes: [UInt8], found: String) {
    let error = #expect(throws: DatasetError.self) { try DelimitedText(bytes, name: "list") }
    #expect(error?.found == found)
    #expect(error?.advice == "save it as UTF-8")
  }

  @Test func separatorsInQuotesDoNotCount() throws {
    #expect(try fields("\"a,b,c\";d\nx;y\n") == [["a,b,c", "d"], ["x", "y"]])
  }
}
