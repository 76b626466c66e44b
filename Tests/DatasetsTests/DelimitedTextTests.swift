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

  @Test func otherBytes() {
    let error = #expect(throws: DatasetError.self) {
      try DelimitedText([0x61, 0xFF, 0x2C, 0x62], name: "list")
    }
    #expect(error?.expected == "text in UTF-8")
  }
}
