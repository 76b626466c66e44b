public import Datasets
import Tensors

/// Images that cannot be read, all of them: found before the first step.
public struct ImageProblems: Error, Hashable, Sendable {
  /// The folder, or what to call several.
  public let place: String
  /// The folders and files that were looked at.
  private let paths: [String]
  /// How many images there are, the bad ones among them.
  public let imageCount: Int
  /// What is wrong with each.
  public let problems: [DatasetError]

  /// Creates the error.
  ///
  /// - Parameter paths: The folders and files that were looked at.
  package init(paths: [String], imageCount: Int, problems: [DatasetError]) {
    self.paths = paths
    place = paths.count == 1 ? paths[0] : "\(paths.count) paths"
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
      "\(place): \(problems.count) of \(counted(imageCount, "image")) cannot be read:"
    ]
    lines += problems.prefix(Self.mostShown).map { "  \($0.shortDescription)" }
    if problems.count > Self.mostShown {
      lines.append(
        "  … and \(problems.count - Self.mostShown) more: `needletail data \(place) --json` lists all"
      )
    }
    lines += conversionAdvice
    lines.append(
      "Mend or remove them, or go on without them: --skip-bad (in the library, "
        + "ImageOptions.skipsBadFiles).")
    return lines.joined(separator: "\n")
  }
}

extension ImageProblems {
  /// How to convert those that have other formats: lines for people; empty where there are none.
  package var conversionAdvice: [String] {
    let files = problems.filter { $0.kind == .otherFormat }.map(\.place)
    guard !files.isEmpty else { return [] }
    let formats = Set(files.compactMap { ImageFormat(ofFileNamed: $0) }.filter { !$0.isRead })
    let misnamed = files.filter { ImageFormat(ofFileNamed: $0)?.isRead ?? true }
    return [
      "Convert images of other formats, for instance by ImageMagick; the originals are then called "
        + ".original:",
      "  "
        + ImageFormat.conversionCommand(
          for: formats.sorted { $0.name < $1.name },
          misnamed: Set(misnamed.map(ImageFormat.ending)).sorted(), in: paths),
    ]
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
