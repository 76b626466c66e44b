/// What the name of a folder, or a word in a list, says about the part of a data set that it holds.
package enum PartName: Hashable, Sendable {
  /// One of the parts with labels.
  case part(DataPart)
  /// Images to make predictions for, whose labels are not given.
  case unlabelled

  /// Reads a name; nil for one that is no part's.
  ///
  /// Case, years and the words around do not matter: `train`, `Training_Set`, `seg_train`, `train2017`,
  /// `test-images` and `x_valid` are parts.
  package init?(_ name: String) {
    let words = name.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
    let telling = words.compactMap(Self.core).filter { !Self.fillers.contains($0) }
    guard telling.count == 1, let found = Self.names[telling[0]] else { return nil }
    self = found
  }

  /// Reads a name that has a part's as its first or last word: `asl_alphabet_train`, `MyTest`, `trainA`.
  ///
  /// Less sure than ``init(_:)``: for folders that all have such names.
  package init?(mentionedIn name: String) {
    var words: [String] = []
    var wasLower = false
    for character in name {
      let isWord = character.isLetter || character.isNumber
      if words.isEmpty || !isWord || (wasLower && character.isUppercase) { words.append("") }
      if isWord { words[words.count - 1] += character.lowercased() }
      wasLower = character.isLowercase
    }
    let found = words.filter { !$0.isEmpty }.compactMap(Self.core)
    guard
      let part = found.last.flatMap({ Self.names[$0] }) ?? found.first.flatMap({ Self.names[$0] })
    else { return nil }
    self = part
  }

  /// A word without a number behind it and without the words that are written together with a part's:
  /// `trainset`, `train2017`, `test1`.
  private static func core(_ word: String) -> String? {
    let letters = word.prefix { !$0.isNumber }
    // A number alone says nothing.
    guard !letters.isEmpty else { return nil }
    for filler in ["set", "data", "images", "imgs"] where letters.hasSuffix(filler) {
      let rest = letters.dropLast(filler.count)
      if names[String(rest)] != nil { return String(rest) }
    }
    return String(letters)
  }

  private static let fillers: Set = [
    "set", "seg", "data", "dataset", "images", "image", "imgs", "img", "folder", "split", "x",
  ]

  private static let names: [String: PartName] = {
    var names: [String: PartName] = [:]
    for name in ["train", "training", "trn"] { names[name] = .part(.training) }
    for name in ["val", "valid", "validation", "validate", "dev", "development"] {
      names[name] = .part(.validation)
    }
    for name in ["test", "testing", "tst", "eval", "evaluation"] { names[name] = .part(.test) }
    for name in ["pred", "predict", "prediction", "unlabeled", "unlabelled"] {
      names[name] = .unlabelled
    }
    return names
  }()
}
