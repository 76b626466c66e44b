import Foundation
import Testing

/// The tool as a program: started, fed and listened to.
enum Tool {
  /// What a run of the tool left behind.
  struct Run {
    let status: Int32
    let output: String
    let errors: String

    /// The lines of the output.
    var lines: [Substring] { output.split(separator: "\n") }

    /// The output's lines as JSON objects.
    func objects() throws -> [[String: Any]] {
      try lines.map { line in
        try #require(
          JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
      }
    }
  }

  /// Where the tool is: named by `NEEDLETAIL_TOOL`, else beside the tests.
  static let path =
    ProcessInfo.processInfo.environment["NEEDLETAIL_TOOL"] ?? builtProgram("needletail")

  /// Whether the tests, and so the programs beside them, are built with a sanitizer, which takes
  /// terabytes of addresses.
  static let isSanitized = ["__asan_init", "__tsan_init"].contains { (name: String) in
    dlsym(nil, name) != nil
  }

  /// How many threads a sanitizer has of its own, from the first thread of a program on.
  static let sanitizerThreadCount = dlsym(nil, "__tsan_init") == nil ? 0 : 1

  /// A program of this package, beside the tests.
  static func builtProgram(_ name: String) -> String {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let beside = [tests, Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0])]
      .map { $0.deletingLastPathComponent().appendingPathComponent(name).path }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let built = ["release", "debug"].map { root.path + "/.build/\($0)/\(name)" }
    return (beside + built).first(where: FileManager.default.isExecutableFile) ?? built[0]
  }

  /// Runs the tool to its end.
  static func run(_ arguments: String..., input: String = "", in folder: URL? = nil) throws -> Run {
    try run(path, arguments, input: input, in: folder)
  }

  /// Runs the tool to its end.
  static func run(arguments: [String]) throws -> Run {
    try run(path, arguments, input: "", in: nil)
  }

  /// Runs the program that embeds the engine to its end.
  static func runEmbedding(_ argument: String, in folder: URL? = nil) throws -> Run {
    try run(builtProgram("EmbeddingProgram"), [argument], input: "", in: folder)
  }

  /// Runs a line of a shell in which `$TOOL` is the tool.
  static func shell(_ line: String, in folder: URL? = nil) throws -> Run {
    try run("/bin/sh", ["-c", line], input: "", in: folder)
  }

  /// A tool that is running.
  struct Running {
    let process: Process
    private let scratch: TemporaryFolder

    /// Starts the tool.
    init(_ arguments: [String]) throws {
      scratch = try TemporaryFolder()
      process = Process()
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = arguments
      process.environment = environment
      for (name, isError) in [("output", false), ("errors", true)] {
        let file = scratch.url.appendingPathComponent(name)
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        if isError { process.standardError = handle } else { process.standardOutput = handle }
      }
      process.standardInput = FileHandle.nullDevice
      try process.run()
    }

    /// What it has written so far.
    func text(_ name: String) throws -> String {
      try String(contentsOf: scratch.url.appendingPathComponent(name), encoding: .utf8)
    }

    /// Waits until its output has a text, or it has ended.
    func wait(for text: String) throws {
      try wait { try self.text("output").contains(text) }
    }

    /// Waits until something has come about, or it has ended.
    func wait(until isSo: () throws -> Bool) throws {
      while process.isRunning, try !isSo() { usleep(5000) }
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for its end.
    func end() throws -> Run {
      process.waitUntilExit()
      return Run(
        status: process.terminationStatus, output: try text("output"), errors: try text("errors"))
    }
  }

  /// The environment of the tests, without what makes the tool warn.
  private static let environment: [String: String] = {
    var environment = ProcessInfo.processInfo.environment
    for name in [
      "OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NEEDLETAIL_ISA",
    ] {
      environment[name] = nil
    }
    environment["COLUMNS"] = "80"
    environment["TOOL"] = path
    return environment
  }()

  private static func run(
    _ executable: String, _ arguments: [String], input: String, in folder: URL?
  ) throws -> Run {
    // Files, not pipes: a program that writes much to one while the other is read would wait.
    let scratch = try TemporaryFolder()
    func file(_ name: String, _ content: String = "") throws -> URL {
      let url = scratch.url.appendingPathComponent(name)
      try Data(content.utf8).write(to: url)
      return url
    }
    let output = try file("output")
    let errors = try file("errors")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = environment
    process.standardInput = try FileHandle(forReadingFrom: file("input", input))
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Run(
      status: process.terminationStatus,
      output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}

/// A folder that goes when it is no longer used.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("needletail-tool-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  /// The path of something in the folder.
  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
