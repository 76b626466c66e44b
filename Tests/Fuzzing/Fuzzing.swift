import ParserCases

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// libFuzzer on one parser; scripts/fuzz builds and runs it.
//
//     Fuzzing list                       the names of the parsers
//     Fuzzing seeds PARSER FOLDER        writes the parser's sound files
//     Fuzzing PARSER [options] FOLDER    libFuzzer with its options

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The parser under attack; set once, before libFuzzer starts.
nonisolated(unsafe) private var parser = ParserCase.all[0]

@main enum Fuzzing {
  static func main() {
    let arguments = CommandLine.arguments
    if arguments.count == 2, arguments[1] == "list" {
      for parser in ParserCase.all { print(parser.name) }
      return
    }
    let name =
      arguments.count > 2 && arguments[1] == "seeds" ? arguments[2] : arguments.dropFirst().first
    guard let chosen = ParserCase.all.first(where: { $0.name == name }) else {
      print("Expected one of: \(ParserCase.all.map(\.name).joined(separator: " "))")
      exit(64)
    }
    parser = chosen
    if arguments.count == 4, arguments[1] == "seeds" {
      for (index, seed) in chosen.seeds.enumerated() {
        write(seed, to: "\(arguments[3])/seed-\(index)")
      }
      return
    }
    // libFuzzer sees its own arguments only.
    var words = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) } + [nil]
    var count = CInt(words.count - 1)
    let status = words.withUnsafeMutableBufferPointer { words in
      var start = words.baseAddress!
      return runDriver(&count, &start) { bytes, count in
        for outcome in parser.outcomes(of: Array(UnsafeBufferPointer(start: bytes, count: count))) {
          if case .violation(let text) = outcome { fatalError(text) }
        }
        return 0
      }
    }
    exit(status)
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w"), fwrite(bytes, 1, bytes.count, file) == bytes.count,
      fclose(file) == 0
    else {
      perror(path)
      exit(74)
    }
  }
}
