import Evaluation
import FilePaths
import Foundation
import Needletail

/// What labelled images are, and what `train` would do with them.
struct DataReport {
  /// A part with the number of images of each class.
  struct Part {
    let name: String
    let count: Int
    let classCounts: [Int]?
  }

  let source: String
  let images: LabelledImages?
  private(set) var parts: [Part] = []
  private(set) var classNames: [String] = []
  private(set) var imageShape: Shape?
  /// What cannot be read.
  private(set) var problems: [DatasetError] = []
  /// Why `train` would refuse the images; nil if it would not.
  private(set) var refusal: String?
  /// The folders, where their meaning is not clear.
  private(set) var outline: [ImageListing.OutlineEntry] = []
  private let options: ImageOptions
  private let classes: ClassCountArguments

  /// - Throws: `DatasetError` where there is nothing to report on.
  init(
    of source: String, imageShape: Shape?, classes: ClassCountArguments, options: ImageOptions
  ) throws {
    self.source = source
    self.classes = classes
    self.options = options
    var reading = options
    // All are decoded, and what cannot be is listed instead of an error.
    let url = URL(pathText: source)
    reading.skipsBadFiles =
      options.skipsBadFiles
      || (source != LabelledImages.digitsName && !IDXFolder.recognizes(url)
        && !CIFARFolder.recognizes(url))
    do {
      images = try LabelledImages.open(
        source, imageShape: imageShape, classCount: classes.count, options: reading)
    } catch let error as DatasetError where error.kind != .refused {
      if let error = OptionError(blamedFor: error, input: imageShape) { throw error }
      guard source != LabelledImages.digitsName, FileSystem.exists(url.path) else { throw error }
      images = nil
      refusal = "\(error)"
      // What can be told all the same; the refusal says why there is no more.
      outline = (try? ImageListing.outline(of: url)) ?? []
      let listing = try? ImageListing(of: url, layout: options.layout, labels: options.labels)
      problems = try listing.map { try $0.damagedFiles(options: reading) } ?? []
      return
    }
    try describe()
  }

  private mutating func describe() throws {
    guard let images else { return }
    problems = images.problems
    // Those that predict takes are decoded, too.
    if let listing = images.listing {
      for part in listing.parts where !part.isLabelled {
        problems += try listing.damagedFiles(in: part, options: options)
      }
    }
    for part in DataPart.allCases {
      guard let dataset = images.parts[part] else { continue }
      if classNames.isEmpty { classNames = dataset.classNames ?? [] }
      imageShape = imageShape ?? dataset.inputShape
      parts.append(
        Part(
          name: images.isCut ? part.rawValue : "all", count: dataset.count,
          classCounts: dataset.labels.map { labels in
            labels.reduce(into: [Int](repeating: 0, count: dataset.classCount ?? 0)) {
              $0[Int($1)] += 1
            }
          }))
    }
    do {
      try classes.check(try images.trainingPart().classCount ?? 0, of: source)
      // Those of images without labels are not in the way of a training.
      let count = images.problems.count
      if count > 0 && !options.skipsBadFiles {
        refusal =
          "\(NumberText.count(count, "image")) cannot be read: mend or remove "
          + "\(count == 1 ? "it" : "them"), or leave \(count == 1 ? "it" : "them") out by --skip-bad."
      }
    } catch {
      refusal = "\(error)"
    }
  }

  /// The data set that a training would learn from, or else one of the parts.
  private var described: (any Dataset)? {
    images.flatMap { images in
      DataPart.allCases.lazy.compactMap { images.parts[$0] }.first
    }
  }

  private var network: Preset? { imageShape.map(Preset.standard(for:)) }

  /// The largest class of the first part divided by the smallest that has images.
  private var imbalance: Double? {
    guard let counts = parts.first?.classCounts?.filter({ $0 > 0 }), counts.count > 1,
      let most = counts.max(), let fewest = counts.min()
    else { return nil }
    return Double(most) / Double(fewest)
  }

  // MARK: For people

  var lines: [String] {
    guard let images, let described else {
      let width = outline.map(\.path.count).max() ?? 0
      let damaged = problems.isEmpty ? [] : ["damaged   \(problems.count):"]
      return ["data      \(source)"]
        + damaged + problems.map { "          \($0)" } + conversionLines
        + outline.map {
          "          \($0.path)\(String(repeating: " ", count: width - $0.path.count))  "
            + NumberText.count($0.imageCount, "image")
        } + ["train     would refuse: \(refusal ?? "")"]
    }
    var lines = [
      "data      \(source): "
        + parts.map {
          $0.name == "all"
            ? NumberText.count($0.count, "image") : "\(NumberText.grouped($0.count)) \($0.name)"
        }
        .joined(separator: ", ")
        + " in \(NumberText.count(classNames.count, "class"))"
    ]
    lines += images.facts(of: described).map(DataFacts.line)
    if images.listing == nil, let imageShape {
      lines.append("images    \(imageShape.dimensions.map(String.init).joined(separator: "×"))")
    }
    lines += images.warnings.map { "warning   \($0)" }
    lines.append(
      problems.isEmpty ? "damaged   none: all were decoded" : "damaged   \(problems.count):")
    lines += problems.map { "          \($0)" } + conversionLines
    lines += images.notes.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "odd       \(NumberText.count($0.value, "image")) with \($0.key)"
    }
    if let imbalance, imbalance >= 1.5 {
      lines.append(
        "balance   the largest class has \(NumberText.decimal(imbalance, 1)) times the images of the smallest"
      )
    }
    lines.append("train     " + trainText)
    lines.append("")
    return lines + [classTable]
  }

  private var conversionLines: [String] {
    ImageProblems(paths: [source], imageCount: problems.count, problems: problems).conversionAdvice
      .map { "          \($0)" }
  }

  private var trainText: String {
    if let refusal { return "would refuse: \(refusal)" }
    let shape = imageShape.map { $0.dimensions.map(String.init).joined(separator: "×") } ?? ""
    let count = images?.parts[.training]?.count ?? parts.first?.count ?? 0
    return "would learn from \(NumberText.count(count, "image")) of \(shape) with "
      + "\(network?.rawValue ?? "a network")"
      + (images?.parts[.validation] == nil ? ", without a validation part" : "")
      + (images?.testPart == nil ? ", without a test part" : "")
  }

  private var classTable: String {
    var table = TextTable(header: ["class"] + parts.map(\.name))
    let shown = classNames.prefix(100)
    for (label, name) in shown.enumerated() {
      table.add([name] + parts.map { $0.classCounts.map { NumberText.grouped($0[label]) } ?? "" })
    }
    let rest = classNames.count - shown.count
    return table.text
      + (rest > 0
        ? "… and \(NumberText.count(rest, "class")) more: --json lists all" : "")
  }

  // MARK: For programs

  var json: JSONObject {
    var object: JSONObject = [
      "data": .string(source), "classes": .array(classNames.map(JSONValue.string)),
      "parts": .array(
        parts.map { part in
          .object([
            "part": .string(part.name), "count": .integer(part.count),
            "class_counts": part.classCounts.map { .array($0.map(JSONValue.integer)) } ?? .null,
          ])
        }),
      "damaged": .array(
        problems.map {
          .object(["file": .string($0.place), "error": .string("\($0)")])
        }),
      "imbalance": imbalance.map(JSONValue.finite) ?? .null,
      "input_shape": imageShape.map { .array($0.dimensions.map(JSONValue.integer)) } ?? .null,
      "network": refusal == nil ? network.map { .string($0.rawValue) } ?? .null : .null,
      "refusal": refusal.map(JSONValue.string) ?? .null,
      "folders": .array(
        outline.map {
          .object(["path": .string($0.path), "images": .integer($0.imageCount)])
        }),
    ]
    if let images {
      var odd = JSONObject()
      for (note, count) in images.notes { odd[note.rawValue] = .integer(count) }
      object["odd"] = .object(odd)
    }
    object["warnings"] = .array((images?.warnings ?? []).map(JSONValue.string))
    let listing = images?.listing
    object["layout"] = listing.map { .string($0.labelSource.rawValue) } ?? .null
    object["notes"] = .array((listing?.notes ?? images?.fileNotes ?? []).map(JSONValue.string))
    object["left_out"] = .array(
      (listing?.leftOut ?? []).map {
        .object([
          "count": .integer($0.count), "reason": .string($0.reason), "example": .string($0.example),
        ])
      })
    object["unlabelled"] = .array(
      (listing?.parts ?? []).filter { !$0.isLabelled }.map {
        .object(["folder": .string($0.folder), "count": .integer($0.files.count)])
      })
    if let facts = images?.imageFacts {
      object["sizes"] = .array(
        facts.sizes.map {
          .object([
            "height": .integer($0.height), "width": .integer($0.width), "count": .integer($0.count),
          ])
        })
      object["grey"] = .integer(facts.greyCount)
      var formats = JSONObject()
      for (name, count) in facts.formats { formats[name] = .integer(count) }
      object["formats"] = .object(formats)
    }
    return object
  }
}
