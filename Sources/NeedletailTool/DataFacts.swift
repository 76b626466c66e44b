import Needletail

/// What is told about the data of a training before anything slow: a line a subject.
struct DataFacts {
  let images: LabelledImages
  let training: any Dataset
  let validation: (any Dataset)?

  var lines: [String] {
    ["data      \(dataText)"] + images.facts(of: training).map(Self.line)
  }

  /// A fact with its name in the margin.
  static func line(_ fact: (name: String, text: String)) -> String {
    fact.name + String(repeating: " ", count: max(1, 10 - fact.name.count)) + fact.text
  }

  /// Warns of images that are odd, and read all the same.
  static func warn(of notes: [ImageNote: Int]) {
    for (note, count) in notes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      StandardError.warn("\(NumberText.count(count, "image")) with \(note).")
    }
  }

  private var dataText: String {
    var text =
      "\(images.source): \(NumberText.count(training.count, "image")) of "
      + training.inputShape.dimensions.map(String.init).joined(separator: "×")
      + " in \(NumberText.count(training.classCount ?? 0, "class"))"
    if let validation { text += ", \(NumberText.grouped(validation.count)) to validate" }
    if let test = images.testPart { text += ", \(NumberText.grouped(test.count)) to test" }
    return text
  }
}
