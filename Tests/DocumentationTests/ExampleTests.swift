import Foundation
import Testing

/// The worked examples as programs: what they print.
@Suite struct ExampleTests {
  /// MNIST, if it is there: the folder that `NEEDLETAIL_MNIST` names.
  private static let mnistFolder = ProcessInfo.processInfo.environment["NEEDLETAIL_MNIST"]

  private func output(of example: String, _ arguments: [String] = []) throws -> String {
    // The examples are built beside the test bundle.
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let process = Process()
    process.executableURL = folder.appendingPathComponent("examples")
    process.arguments = [example] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: data, as: UTF8.self)
  }

  private func number(after word: String, in text: String) throws -> Double {
    let tail = try #require(text.range(of: word, options: .backwards)).upperBound
    let digits = text[tail...].prefix { !$0.isNewline && $0 != "," }
    return try #require(Double(digits.trimmingCharacters(in: .whitespaces)), "\(text)")
  }

  @Test func xor() throws {
    let text = try output(of: "xor")
    for line in ["0 xor 0 = 0", "0 xor 1 = 1", "1 xor 0 = 1", "1 xor 1 = 0"] {
      #expect(text.contains(line), "\(text)")
    }
    #expect(try number(after: "loss ", in: text) < 0.05)
  }

  @Test func regression() throws {
    let text = try output(of: "regression")
    #expect(abs(try number(after: "f(0) = ", in: text) + 0.5) < 0.1)
    #expect(abs(try number(after: "f(1) = ", in: text) - 0.5) < 0.2)
  }

  @Test func feedForward() throws {
    #expect(try number(after: "accuracy ", in: output(of: "feed-forward")) >= 0.95)
  }

  @Test func convolutional() throws {
    let text = try output(of: "convolutional")
    #expect(text.contains("62,006"))
    #expect(try number(after: "accuracy ", in: text) >= 0.95)
  }

  @Test(.enabled(if: mnistFolder != nil, "NEEDLETAIL_MNIST names no folder with MNIST"))
  func mnist() throws {
    let folder = try #require(Self.mnistFolder)
    let text = try output(of: "mnist", [folder, "1"])
    #expect(try number(after: "test accuracy ", in: text) >= 0.97)
  }

  @Test func unknownNamesListTheExamples() throws {
    #expect(try output(of: "nothing").contains("usage: examples NAME"))
  }
}
