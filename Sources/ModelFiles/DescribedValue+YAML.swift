import Yams

extension DescribedValue {
  /// The most bytes of a YAML or JSON text.
  static let maximumTextSize = 1 << 20
  /// The most marks of aliases (`*name`) and of explicit keys (`? key`) in a text.
  ///
  /// Both make the parser do work out of proportion to the text, and neither is wanted.
  private static let mostSuspectMarks = 8

  /// The most escapes of characters by their numbers in a text.
  private static let mostEscapes = 2_000

  /// The number of places that may be such escapes: never less than there are.
  private static func escapeCount(_ text: String) -> Int {
    var count = 0
    var previous: UInt8 = 0
    for byte in text.utf8 {
      if previous == UInt8(ascii: "\\"), "uUx".utf8.contains(byte) { count += 1 }
      previous = byte
    }
    return count
  }

  /// Reads a YAML text, or a JSON one, of which YAML is a superset; aliases and tags are refused.
  ///
  /// - Parameter source: What error messages call the text.
  init(yaml text: String, source: DescriptionSource) throws(ModelFileError) {
    let count = text.utf8.count
    guard count <= Self.maximumTextSize else {
      throw source.error(
        expected: "a description of at most \(Self.maximumTextSize) bytes", found: "\(count)")
    }
    guard Self.suspectMarkCount(text) <= Self.mostSuspectMarks else {
      throw source.error(
        expected: "no aliases (*name) and no explicit keys (? key)", found: "many of them",
        advice: "Write out what the aliases stand for; in comments, write no * before a word.")
    }
    // Escapes give characters only when they are parsed: each may be a mark.
    guard !text.pilesUpMarks, Self.escapeCount(text) <= Self.mostEscapes else {
      throw source.error(
        expected: "readable text", found: "piles of combining marks, or of escapes (\\u0301)",
        advice: "Write names in letters.")
    }
    self = try withLargeStack(for: source.file) { () throws(ModelFileError) in
      try Self.parsed(text, source: source)
    }
  }

  private static func parsed(
    _ text: String, source: DescriptionSource
  ) throws(ModelFileError) -> DescribedValue {
    let root: Node?
    let parser: Parser
    do {
      // Without rules: which scalars are numbers is decided below, as JSON decides it.
      parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      root = try parser.singleRoot()
    } catch {
      throw source.error(error)
    }
    // The parser owns the anchors.
    defer { withExtendedLifetime(parser) {} }
    guard let root else {
      throw source.error(expected: "a description of a network", found: "an empty text")
    }
    var budget = Self.maximumCount
    return try DescribedValue(root, source: source, depth: 0, budget: &budget)
  }

  private init(
    _ node: Node, source: DescriptionSource, depth: Int, budget: inout Int
  ) throws(ModelFileError) {
    let position = node.mark.map { TextPosition(line: $0.line, column: $0.column) }
    budget -= 1
    guard budget >= 0, depth <= Self.maximumDepth else {
      throw source.error(
        at: position,
        expected: depth > Self.maximumDepth
          ? "at most \(Self.maximumDepth) lists and objects in each other"
          : "at most \(Self.maximumCount) values", found: "more")
    }
    guard node.anchor == nil else {
      throw source.error(
        at: position, expected: "no anchors (&name) and no aliases (*name)", found: "one",
        advice: "Write out what the alias stands for.")
    }
    guard Self.implicitTags.contains(node.tag.rawValue) else {
      throw source.error(
        at: position, expected: "no tags (!name)", found: quoted(node.tag.rawValue),
        advice: "Leave the tag out.")
    }
    switch node {
    case .scalar(let scalar):
      self.init(
        scalar.style == .plain ? Self.plainScalar(scalar.string) : .string(scalar.string),
        at: position)
    case .sequence(let sequence):
      var elements: [DescribedValue] = []
      for element in sequence {
        elements.append(
          try DescribedValue(element, source: source, depth: depth + 1, budget: &budget))
      }
      self.init(.list(elements), at: position)
    case .mapping(let mapping):
      var members: [Member] = []
      for (key, value) in mapping {
        let keyPosition = key.mark.map { TextPosition(line: $0.line, column: $0.column) }
        guard case .scalar(let scalar) = key else {
          throw source.error(at: keyPosition, expected: "a name before ':'", found: "a list")
        }
        let value = try DescribedValue(value, source: source, depth: depth + 1, budget: &budget)
        members.append(Member(key: scalar.string, keyPosition: keyPosition, value: value))
      }
      self.init(.object(members), at: position)
    case .alias:
      throw source.error(at: position, expected: "no aliases (*name)", found: "one")
    }
  }

  /// What the parser calls what bears no tag.
  private static let implicitTags: Set<String> = [
    Tag.Name.str.rawValue, Tag.Name.seq.rawValue, Tag.Name.map.rawValue,
  ]

  /// The value of a scalar without quotation marks, by the rules of JSON; `~` and nothing are null.
  private static func plainScalar(_ text: String) -> Content {
    switch text {
    case "", "~", "null": return .null
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    default: break
    }
    guard let first = text.utf8.first, isNumberByte(first), text.utf8.allSatisfy(isNumberByte)
    else { return .string(text) }
    // The sign of -0 is kept, which an integer cannot do.
    if text != "-0", let integer = Int(text) { return .integer(integer) }
    if let number = Double(text), number.isFinite { return .number(number) }
    return .string(text)
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// The number of places that may be aliases or explicit keys: never less than there are.
  private static func suspectMarkCount(_ text: String) -> Int {
    var count = 0
    var previous = UInt8(ascii: "\n")
    var isMarked = false
    for byte in text.utf8 {
      let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
      if isMarked, previous == UInt8(ascii: "?") ? isBlank : !isBlank { count += 1 }
      isMarked = byte == UInt8(ascii: "?") || (byte == UInt8(ascii: "*") && !isWordByte(previous))
      previous = byte
    }
    return previous == UInt8(ascii: "?") ? count + 1 : count
  }

  /// Whether a star behind this byte belongs to the word before it, and so starts no alias.
  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}

extension DescriptionSource {
  /// The error of a text that is no YAML.
  fileprivate func error(_ error: any Error) -> ModelFileError {
    func failure(_ problem: String, _ mark: Mark?, _ context: YamlError.Context?) -> ModelFileError
    {
      self.error(
        at: mark.map { DescribedValue.TextPosition(line: $0.line, column: $0.column) },
        expected: "YAML or JSON",
        found: context.map { "an error \($0.text): \(problem)" } ?? "an error: \(problem)",
        advice: "Check indentation, brackets, colons and quotation marks there.")
    }
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      return failure(problem, mark, context)
    case .duplicatedKeysInMapping(let names, let context):
      return failure(
        "the name \(names.first.map { quoted($0) } ?? "") comes twice", context.mark, nil)
    case .reader(let problem, _, _, _): return failure(problem, nil, nil)
    default: return failure(shortened(String(describing: error)), nil, nil)
    }
  }
}
