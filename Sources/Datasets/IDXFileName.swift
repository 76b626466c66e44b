/// What the name of an IDX file tells: `emnist-letters-train-images-idx3-ubyte.gz`.
///
/// In any case, the words parted by anything: the name of the data set, the part, `images` or
/// `labels`, `idx` with the number of dimensions, the type, and how the file is packed. `idx` without
/// a number only counts where nothing but the type follows.
struct IDXFileName: Hashable {
  /// What a file holds.
  enum Content: String {
    case images
    case labels
  }

  /// The name itself.
  let text: String
  /// What the file holds.
  let content: Content
  /// The part, where the name tells it.
  let part: DataPart?
  /// The data set, `emnist-letters`; empty where the name does not tell it, as MNIST's do not.
  let setName: String
  /// Whether the name ends as those of files that are packed in a way that is not read.
  let isPackedOtherwise: Bool

  /// The name without `.gz`: two files that differ in that only hold the same.
  var stem: String { text.lowercased().hasSuffix(".gz") ? String(text.dropLast(3)) : text }

  /// Whether the names of EMNIST's files, whose images are stored with rows and columns exchanged.
  var isOfEMNIST: Bool { setName.split(separator: "-").contains { $0.hasPrefix("emnist") } }

  /// Reads a name; nil for those of other files.
  init?(_ name: String) {
    guard Self.mayName(name) else { return nil }
    let lowercased = name.lowercased()
    guard let (head, tail) = Self.cut(lowercased) else { return nil }
    let kinds: [(word: String, content: Content)] = [
      ("images", .images), ("image", .images), ("imgs", .images), ("img", .images),
      ("labels", .labels), ("label", .labels),
    ]
    // The last one counts: the data set may be called anything.
    let found = kinds.compactMap { kind in
      Self.lastRange(of: kind.word, in: head).map { (range: $0, content: kind.content) }
    }
    guard let kind = found.max(by: { $0.range.upperBound < $1.range.upperBound }) else {
      return nil
    }
    var words =
      Self.words(head[..<kind.range.lowerBound]) + Self.words(head[kind.range.upperBound...])
    let place = words.lastIndex { Self.part($0) != nil }
    self.part = place.flatMap { Self.part(words[$0]) }
    if let place { words.remove(at: place) }
    self.text = name
    self.content = kind.content
    self.setName = words.joined(separator: "-")
    self.isPackedOtherwise = Self.otherPackings.contains { tail.hasSuffix("." + $0) }
  }

  /// Whether the bytes of `idx` are in a name: a look that a million photos do not make long.
  private static func mayName(_ name: String) -> Bool {
    var found = 0
    for byte in name.utf8 {
      if byte | 0x20 == Self.letters[found] {
        found += 1
        if found == Self.letters.count { return true }
      } else {
        found = byte | 0x20 == Self.letters[0] ? 1 : 0
      }
    }
    return false
  }

  private static let letters = Array("idx".utf8)
  private static let otherPackings = ["xz", "bz2", "zip", "zst", "7z", "z", "lzma", "lz4", "rar"]
  private static let types: Set = [
    "ubyte", "byte", "sbyte", "uint8", "int8", "short", "int16", "int", "int32", "float", "float32",
    "double", "float64", "gz",
  ]

  private static func part(_ word: String) -> DataPart? {
    word == "t10k" ? .test : DataPart(named: word)
  }

  /// What stands before and after the last `idx` that means the format.
  private static func cut(_ name: String) -> (head: Substring, tail: Substring)? {
    guard let range = lastRange(of: "idx", in: name[...]) else { return nil }
    let tail = name[range.upperBound...]
    let isMeant =
      tail.first.map { $0.isASCII && $0.isWholeNumber } ?? true
      || words(tail).allSatisfy { types.contains($0) || otherPackings.contains($0) }
    return isMeant ? (name[..<range.lowerBound], tail) : nil
  }

  private static func words(_ text: Substring) -> [String] {
    text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  private static func lastRange(of word: String, in text: Substring) -> Range<String.Index>? {
    text.ranges(of: word).last
  }
}
