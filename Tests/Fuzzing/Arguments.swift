import ParserCases

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The parser that the arguments name; does what else they ask for, and ends the program then.
///
///     Fuzzing list                       the names of the parsers
///     Fuzzing seeds PARSER FOLDER        writes the parser's sound files
///     Fuzzing PARSER [options] FOLDER    libFuzzer with its options
func chosenParser(_ arguments: [String]) -> ParserCase {
  func named(_ name: String?) -> ParserCase {
    guard let parser = ParserCase.all.first(where: { $0.name == name }) else {
      print("Expected one of: \(ParserCase.all.map(\.name).joined(separator: " "))")
      exit(64)
    }
    return parser
  }
  switch arguments.dropFirst().first {
  case "list":
    for parser in ParserCase.all { print(parser.name) }
    exit(0)
  case "seeds" where arguments.count == 4:
    for (index, seed) in named(arguments[2]).seeds.enumerated() {
      write(seed, to: "\(arguments[3])/seed-\(index)")
    }
    exit(0)
  case let name: return named(name)
  }
}

private func write(_ bytes: [UInt8], to path: String) {
  guard let file = fopen(path, "w"), fwrite(bytes, 1, bytes.count, file) == bytes.count,
    fclose(file) == 0
  else {
    perror(path)
    exit(74)
  }
}
