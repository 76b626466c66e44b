import ArgumentParser
import FilePaths
import Needletail

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@main
struct NeedletailTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "needletail",
    abstract: "Trains neural networks on the processor, and puts them to use.",
    discussion: """
      needletail train --data digits --output runs/digits
      needletail evaluate --model runs/digits/model.safetensors --data digits

      Results are written to standard output, everything else to standard error.

      Exit codes:
      \(ExitStatus.helpTable)
      """,
    version: version,
    subcommands: [
      Train.self, Evaluate.self, Predict.self, DataCommand.self, Inspect.self, Bench.self,
      Doctor.self,
    ])

  static let version = "0.1.0"

  /// What OpenBLAS' core was changed to at the start of the process, if it was.
  static let blasSwitch = BLASLibrary.switchToBestCore()

  // The parser's own prefix is "Error: ".
  static let _errorPrefix = "needletail: "

  static func main() {
    StandardStreams.occupyClosed()
    // A parent may have it ignored; a reader that goes away shall end the tool quietly.
    signal(SIGPIPE, SIG_DFL)
    // A file that reaches the limit on sizes (ulimit -f) shall be an error and not the end.
    signal(SIGXFSZ, SIG_IGN)
    do {
      // The Swift runtime reads them from /proc/self/cmdline; without them every command would be a
      // success that shows the help.
      guard !CommandLine.arguments.isEmpty else { throw UnknownArguments() }
      var command = try parseAsRoot(ArgumentList.withNegativeValues(arguments()))
      _ = blasSwitch
      try command.run()
    } catch {
      fail(error)
    }
  }

  /// The arguments in the text form of paths, as which every part of the tool takes them.
  ///
  /// `CommandLine.arguments` has repaired what is not UTF-8: it names other files.
  private static func arguments() -> [String] {
    UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc)).dropFirst()
      .compactMap { argument in
        argument.map { PathText.encode(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
      }
  }

  /// Ends the process: with the parser's words for its errors, else with one paragraph.
  private static func fail(_ error: any Error) -> Never {
    let isParsers = exitCode(for: error) != .failure
    let status = isParsers ? exitCode(for: error).rawValue : ExitStatus(of: error).rawValue
    // Not for the help, which is no error.
    if status != 0, TrainEnding.isAskedFor(by: CommandLine.arguments) {
      let text = isParsers ? message(for: error) : "\(error)"
      // Where standard output is what failed, standard error is left.
      try? StandardOutput.line(TrainEnding.unfinished(error, text: text, exitCode: status))
    }
    if isParsers { exit(withError: error) }
    StandardError.write("needletail: \(error)")
    end(status)
  }
}

/// A system on which the arguments of the process cannot be read.
struct UnknownArguments: Error, CustomStringConvertible {
  var description: String {
    "arguments: expected to read them from /proc/self/cmdline, found no such file; mount /proc."
  }
}

/// C's `exit`, which the parser's hides inside of commands.
private func end(_ status: Int32) -> Never { exit(status) }
