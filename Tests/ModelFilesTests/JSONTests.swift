import ModelFiles
import Testing

private func parse(_ text: String, maximumDepth: Int = 64) throws(JSONError) -> JSONValue {
  try JSONValue(parsing: Array(text.utf8), maximumDepth: maximumDepth)
}

@Suite struct JSONTests {
  @Test(arguments: [
    ("null", JSONValue.null),
    (" true\n", .boolean(true)),
    ("false", .boolean(false)),
    ("0", .integer(0)),
    ("-17", .integer(-17)),
    ("9223372036854775807", .integer(.max)),
    ("-9223372036854775808", .integer(.min)),
    ("1.0", .number(1)),
    ("-2.5e-3", .number(-0.0025)),
    ("1E+2", .number(100)),
    ("5e-324", .number(.leastNonzeroMagnitude)),
    ("\"\"", .string("")),
    (#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#, .string("a\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1F600}é")),
    ("[]", .array([])),
    ("[1, [ ], \"x\"]", .array([.integer(1), .array([]), .string("x")])),
    ("{}", .object([:])),
    ("{\"b\": 1, \"a\": {\"c\": null}}", .object(["b": .integer(1), "a": .object(["c": .null])])),
  ])
  func reads(text: String, value: JSONValue) throws {
    #expect(try parse(text) == value)
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected a value, found the end of the text"),
    (
      "{\"a\": 1,\n \"a\": 2}",
      "line 2, column 2: expected each key once in an object, found \"a\" again"
    ),
    ("[1,]", "line 1, column 4: expected a value, found ']'"),
    ("{\"a\":1,}", "line 1, column 8: expected a key in quotation marks, found '}'"),
    ("{\"a\" 1}", "line 1, column 6: expected ':' after a key, found '1'"),
    ("[1 2]", "line 1, column 4: expected ',' or ']' in an array, found '2'"),
    ("{\"a\":1", "line 1, column 7: expected ',' or '}' in an object, found the end of the text"),
    ("1 1", "line 1, column 3: expected nothing after the value, found '1'"),
    ("01", "line 1, column 1: expected a number, found a number with a leading zero"),
    ("-", "line 1, column 2: expected a digit after '-', found the end of the text"),
    ("1.", "line 1, column 3: expected a digit after '.', found the end of the text"),
    ("1e", "line 1, column 3: expected a digit in the exponent, found the end of the text"),
    ("1e400", "line 1, column 1: expected a number below 1.8e308, found 1e400"),
    ("+1", "line 1, column 1: expected a value, found '+'"),
    ("nul", "line 1, column 1: expected a value, found 'n'"),
    ("NaN", "line 1, column 1: expected a value, found 'N'"),
    (
      "9223372036854775808",
      "line 1, column 1: expected an integer of at most 64 bits, found 9223372036854775808"
    ),
    ("\"é\u{1}\"", "line 1, column 3: expected control characters as escapes, found byte 0x1"),
    ("\"abc", "line 1, column 1: expected a closing quotation mark, found none"),
    (#""\ud800""#, "line 1, column 2: expected both halves of a surrogate pair, found one"),
    (#""\ud800\u0041""#, "line 1, column 2: expected both halves of a surrogate pair, found one"),
    (#""\udc00""#, "line 1, column 2: expected both halves of a surrogate pair, found one"),
    (#""\u00g0""#, "line 1, column 6: expected four hexadecimal digits after \\u, found 'g'"),
    ("\u{FEFF}1", "line 1, column 1: expected a value, found byte 0xef"),
  ])
  func refuses(text: String, message: String) {
    let error = #expect(throws: JSONError.self) { try parse(text) }
    #expect(error?.description == message)
  }

  @Test func refusesBytesThatAreNotUTF8() {
    let error = #expect(throws: JSONError.self) {
      try JSONValue(parsing: [0x22, 0xC0, 0x80, 0x22])
    }
    #expect(error?.expected == "a string in UTF-8")
  }

  @Test func boundsDepth() throws {
    _ = try parse("[[[]]]", maximumDepth: 3)
    // Objects and arrays that are closed again do not count.
    _ = try parse("[[],[],{},{\"a\":[]}]", maximumDepth: 3)
    #expect(throws: JSONError.self) { try parse("[[[[]]]]", maximumDepth: 3) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
  }

  @Test func boundsMembers() {
    let members = (0...1_000_000).map { "\"\($0)\":0" }.joined(separator: ",")
    let error = #expect(throws: JSONError.self) { try parse("{\(members)}") }
    #expect(error?.expected == "at most 1000000 members in an object")
  }

  @Test(arguments: [
    (
      "{ \"b\": [1, 2.50], \"a\": {\"é\": \"\\u0007\\n\\u00e9\", \"z\": -0} }",
      #"{"a":{"z":-0.0,"é":"\u0007\né"},"b":[1,2.5]}"#
    ),
    ("[1e-5, 1.0, 1e16, 0.1, true, null]", "[1e-05,1.0,1e+16,0.1,true,null]"),
  ])
  func writesCanonicalText(text: String, canonical: String) throws {
    let value = try parse(text)
    #expect(value.canonicalText == canonical)
    #expect(try parse(value.canonicalText) == value)
    #expect(try parse(value.canonicalText).canonicalText == canonical)
  }

  @Test func floatsKeepTheirShortText() {
    #expect(JSONValue.float(0.1).canonicalText == "0.1")
    for bits in stride(from: UInt32(0), to: 0x7F80_0000, by: 104_729) {
      let value = Float(bitPattern: bits)
      #expect(JSONValue.float(value).doubleValue.map { Float($0) } == value)
    }
  }

  @Test func objectsKeepTheirOrder() {
    var object: JSONObject = ["z": .null, "a": .integer(1)]
    object["m"] = .integer(2)
    object["z"] = .integer(3)
    #expect(object.keys == ["z", "a", "m"])
    object["a"] = nil
    #expect(object.map(\.key) == ["z", "m"])
    #expect(object == ["m": .integer(2), "z": .integer(3)])
    #expect(object["a"] == nil)
  }
}
