/// The arguments of the process, before they are parsed.
enum ArgumentList {
  /// Joins a negative number to the option before it, `--seed -1` to `--seed=-1`.
  ///
  /// The parser takes what begins with a dash for an option, and says that the value is missing. No
  /// option's name begins with a digit, so this cannot hide one.
  static func withNegativeValues(_ arguments: some Sequence<String>) -> [String] {
    var result: [String] = []
    var mayJoin = false
    var isLiteral = false
    for argument in arguments {
      if mayJoin, beginsAsNegativeNumber(argument) {
        result[result.count - 1] += "=" + argument
        mayJoin = false
        continue
      }
      result.append(argument)
      if argument == "--" { isLiteral = true }
      mayJoin = !isLiteral && argument.hasPrefix("--") && !argument.contains("=")
    }
    return result
  }

  private static func beginsAsNegativeNumber(_ text: String) -> Bool {
    guard text.hasPrefix("-") else { return false }
    let rest = text.dropFirst()
    let digits = rest.hasPrefix(".") ? rest.dropFirst() : rest
    return digits.first.map { ("0"..."9").contains($0) } ?? false
      || ["inf", "infinity", "nan"].contains(rest.lowercased())
  }
}
