public import Datasets

/// Images that cannot be read, all of them: found before the first step.
public struct ImageProblems: Error, Hashable, Sendable {
  /// The folder.
  public let place: String
  /// How many images there are, the bad ones among them.
  public let imageCount: Int
  /// What is wrong with each.
  public let problems: [DatasetError]

  /// Creates the error.
  package init(place: String, imageCount: Int, problems: [DatasetError]) {
    self.place = place
    self.imageCount = imageCount
    self.problems = problems
  }

  /// So many are shown; more would hide the advice.
  private static let mostShown = 200
}

extension ImageProblems: CustomStringConvertible {
  /// A line for the number, a line for each image, a line of advice.
  public var description: String {
    var lines = [
      "\(place): \(problems.count) of \(imageCount) images cannot be read:"
    ]
    lines += problems.prefix(Self.mostShown).map { "  \($0.shortDescription)" }
    if problems.count > Self.mostShown {
      lines.append(
        "  … and \(problems.count - Self.mostShown) more: `needletail data \(place) --json` lists all"
      )
    }
    let formats = Set(
      problems.filter { $0.kind == .unsupported }
        .compactMap { ImageFormat(ofFileNamed: $0.place) }.filter { !$0.isRead })
    if !formats.isEmpty {
      let sorted = formats.sorted { $0.name < $1.name }
      lines.append("Convert images of other formats, for instance by ImageMagick:")
      lines.append("  " + ImageFormat.conversionCommand(for: sorted, in: place))
    }
    lines.append(
      "Mend or remove them, or go on without them: --skip-bad (in the library, "
        + "ImageOptions.skipsBadFiles).")
    return lines.joined(separator: "\n")
  }
}

extension DatasetError {
  /// The error without its advice, which is the same for many.
  fileprivate var shortDescription: String {
    var error = self
    error.advice = ""
    // Ends in "; .", the place of the advice.
    return String(error.description.dropLast(3))
  }
}
