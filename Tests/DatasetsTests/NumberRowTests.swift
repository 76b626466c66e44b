import Datasets
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
}
