import Foundation
import Testing

/// docs/tool.md against the help of every command: whatever commands and options there are.
@Suite("docs/tool.md")
struct ToolDocumentTests {
  /// A command: its options and presets as `--help` lists them.
  private struct Command {
    let path: [String]
    var options: Set<String> = []
    var presets: Set<String> = []
    var subcommands: [String] = []

    init(_ path: [String]) throws {
      self.path = path
      let help = try Tool.run(arguments: path + ["--help"]).output
      var section = ""
      for line in help.split(separator: "\n") {
        if !line.hasPrefix(" "), line.hasSuffix(":") { section = String(line) }
        // Names stand at the third column; what explains them further to the right.
        guard line.hasPrefix("  "), line.dropFirst(2).first != " " else { continue }
        if line.hasPrefix("  See '") {
          section = ""
        } else if section == "SUBCOMMANDS:" {
          subcommands.append(String(line.dropFirst(2).prefix { $0 != " " }))
        } else if section == "OPTIONS:" {
          let names = line.dropFirst(2).prefix { $0 != "<" }
          options.formUnion(ToolDocumentTests.optionNames(in: names))
        }
      }
      let text = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for part in text.split(separator: "Presets: ").dropFirst() {
        presets.formUnion(part.prefix { $0 != "." }.split(separator: ", ").map(String.init))
      }
    }

    /// The command and those below it.
    static func all(_ path: [String] = []) throws -> [Command] {
      try #require(path.count < 4, "\(path)")
      let command = try Command(path)
      return try [command] + command.subcommands.flatMap { try all(path + [$0]) }
    }
  }

  /// All that looks like an option: `--json`.
  private static func optionNames(in text: some StringProtocol) -> Set<String> {
    Set(String(text).matches(of: /--[a-z][a-z0-9-]*/).map { String($0.output) })
  }

  private static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("docs/tool.md")

  /// The document's sections by their titles; the first has none.
  private static func sections() throws -> [String: String] {
    var sections: [String: String] = [:]
    var title = ""
    for line in try String(contentsOf: document, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    {
      if line.hasPrefix("## ") { title = String(line.dropFirst(3)) }
      sections[title, default: ""] += line + "\n"
    }
    return sections
  }

  /// The code in a text: `between backquotes`, and the lines of blocks.
  private static func code(in text: String) -> [Substring] {
    text.split(separator: "```", omittingEmptySubsequences: false).enumerated().flatMap {
      index, part in
      index % 2 == 1
        ? part.split(separator: "\n")
        : part.split(separator: "`", omittingEmptySubsequences: false).enumerated()
          .filter { $0.offset % 2 == 1 }.map(\.element)
    }
  }

  @Test("Every option of every command is in the command's section")
  func options() throws {
    let sections = try Self.sections()
    let common = Self.optionNames(in: sections[""] ?? "")
    #expect(common.isSuperset(of: ["--help", "--version"]))
    for command in try Command.all() where !command.options.isEmpty {
      let title = command.path.first ?? ""
      let documented = Self.optionNames(
        in: Self.code(in: try #require(sections[title], "no section ## \(title)"))
          .joined(separator: "\n"))
      for option in command.options.sorted() where option != "--help" && option != "--version" {
        #expect(
          documented.contains(option),
          "\(command.path.joined(separator: " ")) \(option) is not in ## \(title)")
      }
    }
  }

  @Test("Every option in the document exists, for the command that it is written with")
  func noOthers() throws {
    let commands = try Command.all()
    let everything = commands.reduce(into: Set()) { $0.formUnion($1.options) }
    #expect(everything.count > 20)
    let others: Set = ["--help", "--version"]
    for (title, text) in try Self.sections() {
      for code in Self.code(in: text) {
        var words = code.split(separator: " ").map(String.init)
        if words.first == "needletail" { words.removeFirst() }
        // The command that the words begin with, else that of the section with those below it.
        let written = commands.filter { !$0.path.isEmpty && words.starts(with: $0.path) }
          .max { $0.path.count < $1.path.count }
        let known =
          written?.options
          ?? commands.filter { $0.path.first == title }
          .reduce(into: Set()) { $0.formUnion($1.options) }
        let allowed = (known.isEmpty ? everything : known).union(others)
        for option in Self.optionNames(in: code).sorted() {
          #expect(allowed.contains(option), "## \(title): \(code)")
        }
      }
    }
  }

  @Test("The presets are those of the tool")
  func presets() throws {
    let presets = try Command.all().reduce(into: Set()) { $0.formUnion($1.presets) }
    #expect(presets.count >= 9)
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    let paragraph = try #require(text.split(separator: "**Presets.**").dropFirst().first)
    let documented = Set(Self.code(in: String(paragraph.prefix { $0 != "." })).map(String.init))
    #expect(documented == presets)
  }

  @Test("Every command has a section and is among the examples or tables")
  func commands() throws {
    let sections = try Self.sections()
    for command in try Command.all() where !command.path.isEmpty {
      let name = command.path.joined(separator: " ")
      let section = try #require(sections[command.path[0]], "no section ## \(command.path[0])")
      #expect(command.path.count == 1 || section.contains("`\(name)`"), "\(name)")
      #expect(sections[""]?.contains("needletail \(command.path[0])") == true, "\(name)")
    }
  }
}
