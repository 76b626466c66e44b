/// Labels that the names of files tell: `cat.0.jpg`, `cat_12.png`, `cat-3.jpg`, `cat (4).jpg`.
///
/// The label is what stands before a separator (dot, underscore, hyphen or space) and a number, which may
/// be in brackets, at the end of the name. Names tell labels only where all of a folder's do, and none is
/// a word that cameras and programs give: `IMG_0001.jpg` says nothing.
package struct FileNameLabels {
  /// The label of each file.
  package let labels: [String]

  /// - Parameter names: The files' names, with their endings.
  package init?(of names: [String]) {
    var labels: [String] = []
    for name in names {
      guard let label = Self.label(of: name) else { return nil }
      labels.append(label)
    }
    guard !labels.isEmpty else { return nil }
    self.labels = labels
  }

  private static func label(of name: String) -> String? {
    var rest = name[...]
    // Two endings where a file was converted: `cat.0.gif.png`.
    while ImageFormat(ofFileNamed: String(rest)) != nil, let dot = rest.lastIndex(of: ".") {
      rest = rest[..<dot]
    }
    let isBracketed = rest.last == ")"
    if isBracketed { rest.removeLast() }
    let digits = rest.reversed().prefix { $0.isASCII && $0.isNumber }.count
    guard digits > 0 else { return nil }
    rest.removeLast(digits)
    if isBracketed {
      guard rest.last == "(" else { return nil }
      rest.removeLast()
    }
    guard let separator = rest.last, "._- ".contains(separator) else { return nil }
    while let last = rest.last, "._- ".contains(last) { rest.removeLast() }
    guard rest.contains(where: \.isLetter), !meaningless.contains(rest.lowercased()) else {
      return nil
    }
    return String(rest)
  }

  private static let meaningless: Set = [
    "img", "image", "images", "im", "pic", "picture", "photo", "foto", "dsc", "dscn", "dscf", "pxl",
    "frame", "scan", "screenshot", "file", "sample", "example", "test", "train", "val", "page",
    "untitled",
  ]
}
