import Datasets
package import Foundation
import Tensors

/// A list of image files and their labels, in CSV: what stands in the place of folders for classes.
///
///     file,label,split            file,cat,indoors
///     images/1.jpg,cat,train      1.jpg,1,0
///     images/2.jpg,dog,test       2.jpg,0,1
///
/// The first column is the file, or the one that is called so (`file`, `filename`, `path`, `image`, `id` …);
/// the label is the one called `label`, `class` …, else the other of two. Labels in one field are parted by
/// `|`. A column `split`, `set` or `part` names the part. Columns that hold only 0 and 1 are labels by their
/// names. A first line is a head if it has such a name, or names no file where others do.
package struct LabelList {
  /// A file and what the list says about it.
  package struct Entry {
    /// The file, as the list names it; once resolved, its path below the folder.
    var path: String
    package var labels: [String]
    var part: DataPart?
    var line: Int
  }

  let url: URL
  /// Which columns are read as what: `file: image_id, label: dx`.
  package let columnText: String
  /// One a line.
  package let entries: [Entry]
  /// Whether the first entry is a head if it names no file.
  private let mayBeHead: Bool

  init(contentsOf url: URL) throws {
    let source = try ByteSource(path: url.path)
    guard source.size <= Self.mostBytes else {
      throw DatasetError(
        .tooLarge, at: url.path, expected: "a list of at most \(Self.mostBytes) bytes",
        found: "\(source.size)", advice: "check that it is the list of labels")
    }
    var bytes = [UInt8](repeating: 0, count: source.size)
    let count = try bytes.withUnsafeMutableBytes { try source.read(into: $0) }
    try self.init(Array(bytes[..<count]), url: url)
  }

  /// A line a file, for millions of files.
  private static let mostBytes = 1 << 28

  /// Reads the bytes of a list; `url` is what errors call it.
  ///
  /// - Throws: `DatasetError` if it is no list of files and labels.
  package init(_ bytes: [UInt8], url: URL) throws {
    self.url = url
    let rows = try DelimitedText(bytes, name: url.path).rows
    guard let first = rows.first else {
      throw DatasetError(
        .malformed, at: url.path, expected: "a line for each image: file,label", found: "no line",
        advice: "check the list")
    }
    let columns = Columns(first.fields)
    let body = columns.isHead ? rows.dropFirst() : rows[...]
    let oneHot = columns.oneHotColumns(body)
    guard oneHot != nil || columns.label != nil else {
      throw DatasetError(
        .malformed, at: url.path, expected: "a column called label, or a file and a label only",
        found: "the columns \(first.fields.prefix(20).joined(separator: ", "))"
          + (first.fields.count > 20 ? " and \(first.fields.count - 20) more" : ""),
        advice: "call the column of labels 'label', or keep two columns")
    }
    columnText = columns.text(first.fields, oneHot: oneHot?.map(\.name))
    mayBeHead = !columns.isHead
    let label = columns.label ?? 0
    entries = try body.map { row in
      guard row.fields.count > columns.file, oneHot != nil || row.fields.count > label else {
        throw DatasetError(
          .malformed, at: "\(url.path), line \(row.line)", expected: "a file and a label",
          found: counted(row.fields.count, "field"), advice: "write file,label in each line")
      }
      let labels =
        oneHot.map { columns in
          columns.filter { row.fields.count > $0.index && row.fields[$0.index] == "1" }.map(\.name)
        }
        ?? row.fields[label].split(separator: "|").map {
          $0.trimmingCharacters(in: .whitespaces)
        }
      guard oneHot != nil || !labels.isEmpty && labels.allSatisfy({ !$0.isEmpty }) else {
        throw DatasetError(
          .malformed, at: "\(url.path), line \(row.line)", expected: "a label",
          found: "an empty field", advice: "give the image a label, or remove the line")
      }
      var seen: Set<String> = []
      return Entry(
        path: row.fields[columns.file],
        labels: labels.filter { seen.insert($0).inserted },
        part: try columns.part.flatMap {
          row.fields.count > $0 ? try Self.part(row, $0, url) : nil
        },
        line: row.line)
    }
  }

  private static func part(_ row: DelimitedText.Row, _ column: Int, _ url: URL) throws -> DataPart?
  {
    let word = row.fields[column]
    if word.isEmpty { return nil }
    guard case .part(let part) = PartName(word) else {
      throw DatasetError(
        .malformed, at: "\(url.path), line \(row.line)", expected: "train, validation or test",
        found: "\"\(word)\"", advice: "name one of these parts")
    }
    return part
  }

  /// What the columns are.
  private struct Columns {
    let file: Int
    /// Nil where nothing tells it.
    let label: Int?
    let part: Int?
    /// Whether the first line has names of columns that are known.
    let isHead: Bool
    private let names: [String]
    private let hasLabelName: Bool

    init(_ first: [String]) {
      let words = first.map { $0.lowercased().filter(\.isLetter) }
      func column(_ known: [String]) -> Int? {
        known.lazy.compactMap { words.firstIndex(of: $0) }.first
      }
      let named = (file: column(Self.files), label: column(Self.labels), part: column(Self.parts))
      names = first
      hasLabelName = named.label != nil
      isHead = named.file != nil || named.label != nil
      part = isHead ? named.part : nil
      let file = named.file ?? (named.label == 0 && first.count > 1 ? 1 : 0)
      self.file = file
      let others = first.indices.filter { [part] in $0 != file && $0 != part }
      label = named.label ?? (others.count == 1 ? others[0] : nil)
    }

    private static let files = [
      "file", "filename", "filepath", "filepaths", "path", "image", "imagename", "imagepath",
      "imageid",
      "img", "id", "idcode", "name",
    ]
    private static let labels = [
      "label", "labels", "class", "classes", "classname", "category", "target", "tag", "tags", "y",
      "species", "breed", "diagnosis", "dx",
    ]
    private static let parts = ["split", "set", "dataset", "part", "subset"]

    /// The columns in words.
    func text(_ first: [String], oneHot: [String]?) -> String {
      guard isHead || oneHot != nil else {
        return "file: column \(file + 1), label: column \((label ?? 0) + 1)"
      }
      let labels = oneHot.map { "\($0.count) columns of 0 and 1" } ?? label.map { first[$0] } ?? ""
      return "file: \(first[file]), label: \(labels)" + (part.map { ", part: \(first[$0])" } ?? "")
    }

    /// The columns of labels where each label has one, of 0 and 1.
    func oneHotColumns(_ rows: ArraySlice<DelimitedText.Row>) -> [(index: Int, name: String)]? {
      guard isHead, !hasLabelName else { return nil }
      // A column without a name is no label: a table's own numbering, say.
      let columns = names.indices.filter {
        $0 != file && $0 != part && !names[$0].allSatisfy(\.isWhitespace)
      }
      guard columns.count > 1 else { return nil }
      let isOneHot = rows.allSatisfy { row in
        columns.allSatisfy { $0 < row.fields.count && ["0", "1"].contains(row.fields[$0]) }
      }
      return isOneHot ? columns.map { ($0, names[$0]) } : nil
    }
  }

  // MARK: Finding the files

  /// Finds the files in a tree.
  ///
  /// A name is a path below the folder, or the end of one, or has such a path as its end; an ending may be
  /// left out.
  ///
  /// - Returns: The entries whose file was found, with its path; and the others.
  /// - Throws: `DatasetError` if no file is found, a name means several files, or a file stands twice.
  func resolve(in tree: FolderTree, root: URL) throws -> (entries: [Entry], missing: [Entry]) {
    let paths = tree.allImages(isForeign: false) + tree.allImages(isForeign: true)
    // By bytes: two spellings of é may be two files.
    let byName = Dictionary(grouping: paths) { Array(Self.name($0).utf8) }
    let byStem = Dictionary(grouping: paths) { Array(Self.stem(Self.name($0)).utf8) }
    func find(_ wanted: Substring) -> [String] {
      let name = Array(Self.name(String(wanted)).utf8)
      var found = (byName[name] ?? []).filter { Self.match($0, wanted) }
      if found.isEmpty { found = (byStem[name] ?? []).filter { Self.match(Self.stem($0), wanted) } }
      return found.contains(String(wanted)) ? [String(wanted)] : found
    }
    var found: [Entry] = []
    var missing: [Entry] = []
    var lines: [[UInt8]: Int] = [:]
    for var entry in entries {
      var wanted = Substring(entry.path)
      while wanted.hasPrefix("./") { wanted = wanted.dropFirst(2) }
      var candidates = find(wanted)
      if candidates.isEmpty, wanted.contains("\\") {
        // As programs on Windows write paths.
        candidates = find(Substring(wanted.split(separator: "\\").joined(separator: "/")))
      }
      guard let path = candidates.first else {
        missing.append(entry)
        continue
      }
      guard candidates.count == 1 else {
        throw error(
          entry, "a name that means one file",
          "\(candidates.count), such as \(candidates[0]) and \(candidates[1])",
          "write the path below the folder")
      }
      if let line = lines[Array(path.utf8)] {
        throw error(
          entry, "each file once", "\(path) again, as in line \(line)",
          "remove one of the lines; several labels of a file are parted by |")
      }
      lines[Array(path.utf8)] = entry.line
      entry.path = path
      found.append(entry)
    }
    if mayBeHead, !found.isEmpty, let first = missing.first, first.line == entries[0].line,
      ImageFormat(ofFileNamed: first.path) == nil
    {
      missing.removeFirst()
    }
    guard !found.isEmpty else {
      throw DatasetError(
        .mismatched, at: url.path, expected: "names of images in \(root.path)",
        found: missing.first.map { "none; the first is \"\($0.path)\"" } ?? "none",
        advice: "name the folder that the paths of the list start from")
    }
    return (found, missing)
  }

  private static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private static func stem(_ path: String) -> String {
    let ending = ImageFormat.ending(ofFileNamed: path)
    return ending.isEmpty ? path : String(path.dropLast(ending.count + 1))
  }

  private static func match(_ path: String, _ wanted: Substring) -> Bool {
    let (path, wanted) = (Array(path.utf8), Array(wanted.utf8))
    func ends(_ path: [UInt8], with end: [UInt8]) -> Bool {
      path == end
        || path.count > end.count && path[path.count - end.count - 1] == UInt8(ascii: "/")
          && path.suffix(end.count) == end[...]
    }
    return ends(path, with: wanted) || ends(wanted, with: path)
  }

  private func error(_ entry: Entry, _ expected: String, _ found: String, _ advice: String)
    -> DatasetError
  {
    DatasetError(
      .mismatched, at: "\(url.path), line \(entry.line)", expected: expected, found: found,
      advice: advice)
  }
}
