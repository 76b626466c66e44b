import Foundation
import Testing

/// Checks that every line of Swift in a document is a line of a file of tests, in the same order.
///
/// - Parameters:
///   - document: The document, from the root of the package.
///   - file: The file of tests.
/// - Returns: How many lines there are, without imports.
func lineCount(ofSwiftIn document: String, asIn file: String) throws -> Int {
  let here = URL(fileURLWithPath: file)
  let root = here.deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
  var remaining = try String(contentsOf: here, encoding: .utf8).split(separator: "\n")
    .map { $0.trimmingCharacters(in: .whitespaces) }[...]
  var isSwift = false
  var count = 0
  for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
    if line.hasPrefix("```") {
      isSwift = line == "```swift"
      continue
    }
    let text = line.trimmingCharacters(in: .whitespaces)
    guard isSwift, !text.isEmpty, !text.hasPrefix("import ") else { continue }
    count += 1
    let index = try #require(remaining.firstIndex(of: text), "not in this file: \(text)")
    remaining = remaining[(index + 1)...]
  }
  return count
}
