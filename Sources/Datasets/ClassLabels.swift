/// The most classes that labels alone can ask for: as many as a confusion matrix has.
///
/// More are read where somebody has named or counted them.
let maximumNumberedClassCount = 1 << 14

/// The names `"0"`, `"1"` and so on, for `count` classes.
func numberedClasses(_ count: Int) -> [String] {
  (0..<count).map(String.init)
}

/// The names `"0"`, `"1"` and so on up to the largest label.
///
/// - Throws: ``DatasetError`` if a label is negative, or so large that it can be no class.
func numberedClasses(for labels: [Int32], place: String) throws -> [String] {
  try checkLabels(labels, classCount: maximumNumberedClassCount, place: place)
  return numberedClasses(Int(labels.max() ?? 0) + 1)
}

/// Tells which classes have no image among those that are learnt from; nil if all have.
func emptyClassesWarning(labels: [Int32], classNames: [String]) -> String? {
  var isSeen = [Bool](repeating: false, count: classNames.count)
  for label in labels { isSeen[Int(label)] = true }
  let empty = classNames.indices.filter { !isSeen[$0] }
  guard let first = empty.first else { return nil }
  if empty == [0] {
    return "class \(classNames[0]) has no image: the labels start at 1"
  }
  if empty.count == 1 { return "class \(classNames[first]) has no image" }
  let shown = 8
  let names = empty.prefix(shown).map { classNames[$0] }
  let list =
    empty.count > shown
    ? names.joined(separator: ", ") + " and \(empty.count - shown) more"
    : names.dropLast().joined(separator: ", ") + " and \(names[names.count - 1])"
  let start = isSeen[0] ? nil : labels.min()
  return "classes \(list) have no image, of \(classNames.count) classes"
    + (start.map { ": the labels start at \($0)" } ?? "")
}

/// Labels of classes that bear numbers or names, as labels of the classes that a network has.
///
/// The names decide where both sides have names, or both numbers; a class that the network does not
/// have is an error only if an image is of it. Numbers count as places among a network's names.
///
/// - Parameters:
///   - names: The names of the classes of `labels`.
///   - wanted: The network's classes.
///   - place: What to call the labels in errors.
/// - Throws: ``DatasetError`` with the first label that is none of the network's classes.
func labels(
  _ labels: [Int32], ofClasses names: [String], asOf wanted: [String], place: String
) throws -> [Int32] {
  if names == wanted { return labels }
  func areNumbers(_ names: [String]) -> Bool { names.allSatisfy { UInt64($0) != nil } }
  let matchesNames = areNumbers(names) == areNumbers(wanted)
  // 07 and 7 are one number.
  func key(_ name: String) -> String { UInt64(name).map { String($0) } ?? name }
  // Of two classes of one name the first counts.
  let places = Dictionary(
    wanted.enumerated().map { (key($1), Int32(clamping: $0)) },
    uniquingKeysWith: { first, _ in first })
  let mapping = names.enumerated().map { index, name in
    matchesNames ? places[key(name)] : index < wanted.count ? Int32(clamping: index) : nil
  }
  return try labels.enumerated().map { example, label in
    guard let mapped = mapping[Int(label)] else {
      let shown = 20
      throw DatasetError(
        .mismatched, at: "\(place), example \(example)",
        expected: "one of the classes \(wanted.prefix(shown).joined(separator: ", "))"
          + (wanted.count > shown ? " and \(wanted.count - shown) more" : ""),
        found: "the class \(names[Int(label)])",
        advice: "use images of the classes that the network was trained on")
    }
    return mapped
  }
}

extension ByteImageDataset {
  /// The same images, labelled by the classes of a network: by name, or by number where only one
  /// side has names.
  ///
  /// - Throws: ``DatasetError`` if an image is of a class that is none of these.
  package func labelled(asOf wanted: [String], place: String) throws -> ByteImageDataset {
    guard let classNames, let labels, classNames != wanted else { return self }
    return try replacing(
      labels: Datasets.labels(labels, ofClasses: classNames, asOf: wanted, place: place),
      classNames: wanted)
  }
}
