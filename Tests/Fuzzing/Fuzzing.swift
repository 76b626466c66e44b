import ParserCases

// libFuzzer on one parser; scripts/fuzz builds and runs it. `main` is libFuzzer's.

/// The parser under attack, on its thread; set once, before libFuzzer starts.
nonisolated(unsafe) private var parsing: ParsingThread?

/// What libFuzzer calls once, to take arguments away before it reads them.
@_cdecl("LLVMFuzzerInitialize") public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  parsing = ParsingThread(chosenParser(CommandLine.arguments))
  // The parser's name; libFuzzer sees its own arguments only.
  for index in 1..<Int(count.pointee) { arguments.pointee[index] = arguments.pointee[index + 1] }
  count.pointee -= 1
  return 0
}

/// What libFuzzer calls with every input.
@_cdecl("LLVMFuzzerTestOneInput") public func testOneInput(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int
) -> CInt {
  guard let parsing else { preconditionFailure("No parser was chosen.") }
  for outcome in parsing.outcomes(of: Array(UnsafeBufferPointer(start: bytes, count: count))) {
    if case .violation(let text) = outcome { fatalError(text) }
  }
  return 0
}
