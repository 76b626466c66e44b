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

  // The parser's own prefix is "Error: ".
  static let _errorPrefix = "needletail: "

  static func main() {
    StandardStreams.occupyClosed()
    // A parent may have it ignored; a reader that goes away shall end the tool quietly.
    signal(SIGPIPE, SIG_DFL)
    Interruption.endProcess()
    // A file that reaches the limit on sizes (ulimit -f) shall be an error and not the end.
    signal(SIGXFSZ, SIG_IGN)
    #if canImport(Glibc)
    ScarceAddresses.save()
    #endif
    CommandStack.run { runCommand() }
  }

  private static func runCommand() {
    do {
      // The Swift runtime reads them from /proc/self/cmdline; without them every command would be a
      // success that shows the help.
      guard !CommandLine.arguments.isEmpty else { throw UnknownArguments() }
      let arguments = arguments()
      if let empty = EmptyArgument(among: arguments) { throw empty }
      // Before any kernel runs.
      try Engine.check()
      var command = try parseAsRoot(ArgumentList.withNegativeValues(arguments))
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

  /// Ends the process: with the parser's words for its errors and its help, else with one paragraph.
  private static func fail(_ thrown: any Error) -> Never {
    let refusal = OptionError(in: thrown, message: message(for: thrown))
    let error = refusal ?? thrown
    let isParsers = refusal == nil && exitCode(for: error) != .failure
    let status = isParsers ? exitCode(for: error).rawValue : ExitStatus(of: error).rawValue
    // Not for the help, which is no error.
    if status != 0, TrainEnding.isAskedFor(by: CommandLine.arguments) {
      let text = isParsers ? message(for: error) : "\(error)"
      let object = TrainEnding.unfinished(error, text: text, exitCode: status)
      Interruption.endIsBeingTold()
      // Where standard output is what failed, standard error is left.
      try? StandardOutput.line(object)
    }
    guard isParsers else { end(telling: error) }
    // The parser's own exit would not notice that its help cannot be written.
    if status != 0 {
      StandardError.write(fullMessage(for: error))
      end(status)
    }
    do {
      try StandardOutput.line(fullMessage(for: error))
    } catch {
      end(telling: error)
    }
    end(status)
  }
}

/// A system on which the arguments of the process cannot be read.
struct UnknownArguments: Error, CustomStringConvertible {
  var description: String {
    "arguments: expected to read them from /proc/self/cmdline, found no such file; mount /proc."
  }
}

/// An argument without a character: the value of a shell's variable that is not set, mostly.
///
/// No option and no command takes one, so all are refused here.
struct EmptyArgument: Error, CustomStringConvertible {
  private let place: String

  init?(among arguments: [String]) {
    for (index, argument) in arguments.enumerated() {
      if argument.isEmpty {
        let previous = index > 0 ? arguments[index - 1] : ""
        place = previous.hasPrefix("--") && previous.count > 2 ? previous : "argument \(index + 1)"
        return
      }
      if argument.hasPrefix("--"), argument.hasSuffix("="),
        argument.firstIndex(of: "=") == argument.indices.last
      {
        place = String(argument.dropLast())
        return
      }
    }
    return nil
  }

  var description: String {
    "\(place): expected a value, found an empty one; is a variable of the shell not set?"
  }
}

/// Ends the process with an error.
private func end(telling error: any Error) -> Never {
  StandardError.write("needletail: \(error)")
  end(ExitStatus(of: error).rawValue)
}

/// C's `exit`, which the parser's hides inside of commands.
private func end(_ status: Int32) -> Never { exit(status) }
