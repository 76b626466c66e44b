import Datasets
import Foundation
import Testing

@Suite("NumberRow")
struct NumberRowTests {
  private func parse(_ line: String, count: Int) throws -> [Float] {
    var numbers: [Float] = [7]
    do {
      try NumberRow.parse(Array(line.utf8), count: count, place: "line 1", into: &numbers)
    } catch {
      #expect(numbers == [7], "an error leaves the numbers as they were")
      throw error
    }
    return Array(numbers.dropFirst())
  }

  @Test(
    "Commas, spaces and tabs part numbers",
    arguments: ["1,-2.5,3e2", "1 -2.5 3e2", " 1 ,\t-2.5 , 3e2 \r", "1\t-2.5\t3e2"])
  func separators(_ line: String) throws {
    #expect(try parse(line, count: 3) == [1, -2.5, 300])
  }

  @Test(
    "Everything else is refused",
    arguments: ["", "1,2", "1,2,3,4", "1,,3", "1,2,", "1;2;3", "1,2,inf", "1,2,1e99", "a b c"])
  func refused(_ line: String) {
    let error = #expect(throws: DatasetError.self) { try parse(line, count: 3) }
    #expect(error?.place == "line 1")
  }

  @Test("Numbers in double quotes, as tables have them")
  func quoted() throws {
    #expect(try parse("\"1\",\"-2.5\", \"3e2\"\r", count: 3) == [1, -2.5, 300])
    #expect(throws: DatasetError.self) { try parse("\"1\",\"2,5\",\"3\"", count: 3) }
    #expect(throws: DatasetError.self) { try parse("\"1\",\"2,\"3\"", count: 3) }
  }

  @Test(
    "What a line looks like decides what to do about it",
    arguments: [
      ("1;2;3", "number 1 of 3", "\"1;2;3\"", "parted by semicolons: write commas, tr ';' ','"),
      (
        "0,5;1,5;2", "number 2 of 3", "\"5;1\"",
        "parted by semicolons, and have decimal commas: write commas, tr ',;' '.,', and points"
      ),
      ("1|2|3", "number 1 of 3", "\"1|2|3\"", "parted by bars: write commas, tr '|' ','"),
      ("1,nan,3", "number 2 of 3", "\"nan\"", "put a finite number where a value is missing"),
      ("1,2,-Inf", "number 3 of 3", "\"-Inf\"", "put a finite number where a value is missing"),
      ("1,2,1e99", "number 3 of 3", "\"1e99\"", "single precision holds, up to 3.4e38"),
      ("1,,3", "number 2 of 3", "nothing between two commas", "where a value is missing"),
      ("1,'2',3", "number 2 of 3", "\"'2'\"", "without quotes"),
      ("0,5 1,5 2,5", "3 numbers", "6", "if the commas are decimal ones, write points"),
      ("1,2,3,4", "3 numbers", "4", "leave out a label or a number of the row"),
      ("1,2\r3,4", "3 numbers", "4", "lines seem to end in carriage returns alone"),
      ("1,2", "3 numbers", "2", "write one example a line"),
      ("1,x,3", "number 2 of 3", "\"x\"", "write one example a line"),
    ])
  func advice(_ line: String, _ expected: String, _ found: String, _ advice: String) {
    let error = #expect(throws: DatasetError.self) { try parse(line, count: 3) }
    #expect(error?.expected == expected)
    #expect(error?.found == found)
    #expect(error?.advice.contains(advice) == true, "\(error?.advice ?? "")")
  }

  @Test("Short whole numbers and runs of zeros are read as all others are")
  func pixels() throws {
    var generator = SplitMix(state: 11)
    for _ in 0..<2_000 {
      let values = (0..<(1 + Int(generator.next() % 20))).map { _ in
        generator.next() % 4 > 0 ? 0 : Float(generator.next() % 30_000_000)
      }
      let line = values.map { String(Int($0)) }.joined(separator: ",")
      #expect(try parse(line, count: values.count) == values)
      // The same with other separators, of which none may count as a number.
      let blanks = line.replacingOccurrences(of: ",0", with: " ,  0")
      #expect(try parse(blanks, count: values.count) == values)
      for count in [values.count - 1, values.count + 1] {
        #expect(throws: DatasetError.self) { try parse(line, count: count) }
      }
      #expect(throws: DatasetError.self) { try parse(line + ",", count: values.count) }
    }
    for line in ["0,0,0,0,", "0,0,0,0,,0", "0,0,0,0, ,0", "0,0,0,0,0,0,0,0,"] {
      #expect(throws: DatasetError.self) { try parse(line, count: 4) }
      #expect(throws: DatasetError.self) { try parse(line, count: 5) }
      #expect(throws: DatasetError.self) { try parse(line, count: 8) }
    }
  }

  @Test("All short whole numbers are read, and no byte but a digit counts as one")
  func shortNumbers() throws {
    let values = (0..<1100).map(Float.init)
    let line = values.map { String(Int($0)) }.joined(separator: ",")
    #expect(try parse(line, count: values.count) == values)
    let parts = Set("0123456789.eE".utf8)
    for byte in UInt8.min...UInt8.max where !parts.contains(byte) {
      let line = [UInt8(ascii: "1"), byte] + Array("2,3,4".utf8)
      var numbers: [Float] = []
      #expect(throws: DatasetError.self, "byte \(byte)") {
        try NumberRow.parse(line, count: 3, place: "line 1", into: &numbers)
      }
    }
  }

  @Test("Numbers are rounded as Swift rounds them")
  func rounding() throws {
    var generator = SplitMix(state: 7)
    var words = [
      "0", "-0", "00012", "5.", ".5", "+3", "1e0", "1E+2", "12e-03", "0x1p-3", "16777217",
      "16777219", "16777217.0000001", "8388608.5", "8388609.5", "1e-40", "1.17549435e-38",
      "1.1754943e-38", "3.4028235e38", "9007199254740993", "123456789012345678",
      "1234567890123456789", "0.1", "0.30000001192092896", "1e22", "1e-22", "1e23", "7e-45",
    ]
    for _ in 0..<20_000 {
      let bits = UInt32(truncatingIfNeeded: generator.next())
      let value = Float(bitPattern: bits)
      if value.isFinite { words.append("\(value)") }
      let digits = generator.next() % 1_000_000_000
      words.append("\(digits % 1000).\(digits)")
      words.append("\(digits)e\(Int(generator.next() % 50) - 25)")
      // In the middle of two numbers, and close to it.
      let middle = Double(Float(digits)) + Double(Float(digits).ulp) / 2
      words.append("\(middle)")
      // Beside it by less than a Double tells: rounding twice would go wrong.
      let low = 8 + Double(digits % 1_000_000) * 0x1p-20
      words.append(String(format: "%.15f", low + 0x1p-21))
    }
    for word in words {
      let expected = try #require(Float(word))
      guard expected.isFinite else { continue }
      let found = try parse(word, count: 1)[0]
      if found.bitPattern != expected.bitPattern {
        Issue.record("\(word): expected \(expected), found \(found)")
      }
    }
  }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
