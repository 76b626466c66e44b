import Datasets
import Foundation
import Tensors

/// The parts of a listed folder as data sets: of one shape, and checked together, so that all images that
/// cannot be read are named at once.
struct ImageParts {
  private(set) var datasets: [DataPart: any Dataset] = [:]

  init(
    _ listing: ImageListing, for purpose: DataFolder.Purpose, part: DataPart?,
    size: (height: Int, width: Int)?, preferredSize: (height: Int, width: Int)?, channels: Int?,
    options: ImageOptions
  ) throws {
    let wanted = try Self.parts(of: listing, for: purpose, part: part)
    // Another part alone has the size of the training part.
    var looked = wanted
    if size == nil || channels == nil, let training = listing.part(.training), training.isLabelled,
      !wanted.contains(where: { $0.name == .training })
    {
      looked.append(training)
    }
    let surveys = try looked.map { part in
      try ImageSurvey(
        of: part.files.map { listing.url.path + "/" + $0.path },
        decodes: options.skipsBadFiles, options: options)
    }
    let problems = looked.flatMap(\.problems) + surveys.flatMap(\.problems)
    guard problems.isEmpty || options.skipsBadFiles else {
      throw ImageProblems(
        paths: [listing.url.path],
        imageCount: looked.reduce(0) { $0 + $1.files.count + $1.problems.count },
        problems: problems)
    }
    // One shape for all parts, from all that are opened.
    let facts = ImageFacts(surveys.flatMap(\.headers).compactMap(\.self))
    let standard = facts.standardShape(preferred: preferredSize)
    let shape = (
      size ?? (height: standard[0], width: standard[1]), channels ?? standard[2]
    )
    for (part, survey) in zip(looked, surveys) {
      guard let name = part.name, wanted.contains(where: { $0.name == name }) else { continue }
      datasets[name] = try ImageFolderDataset(
        part, of: listing, survey: survey, size: shape.0, preferredSize: nil, channels: shape.1,
        options: options)
    }
  }

  /// The parts to open.
  private static func parts(
    of listing: ImageListing, for purpose: DataFolder.Purpose, part: DataPart?
  ) throws -> [ImageListing.Part] {
    let labelled = listing.parts.filter(\.isLabelled)
    if let part {
      guard listing.isCut else {
        throw error(
          listing, "a folder for the \(part) part", "no parts",
          "name no split, or sort the images into folders train and test")
      }
      guard let found = labelled.first(where: { $0.name == part }) else {
        try refuseUnlabelled(part, of: listing)
        let names = labelled.compactMap { $0.name?.rawValue }
        throw error(
          listing, "a folder for the \(part) part",
          names.isEmpty ? "no part with labels" : names.joined(separator: ", "),
          "name one of the parts that are there")
      }
      return [found]
    }
    let names = purpose.choice(among: labelled.compactMap(\.name), isCut: listing.isCut)
    // The part that was learned from must not stand in for the one that was kept to evaluate on.
    if purpose == .evaluation, !names.contains(.test) { try refuseUnlabelled(.test, of: listing) }
    let chosen = labelled.filter { $0.name.map(names.contains) ?? false }
    guard !chosen.isEmpty else {
      throw error(
        listing, "images with labels",
        "\(listing.parts.reduce(0) { $0 + $1.files.count }) images without",
        "sort them into one folder a class, name them cat.1.png, or give a list by --labels (in the "
          + "library, ImageOptions.labels)"
          + (listing.isCut ? "; say --layout classes if the folders are classes" : "")
          + "; predict takes images without labels")
    }
    return chosen
  }

  /// Refuses a part that is there without labels.
  private static func refuseUnlabelled(_ part: DataPart, of listing: ImageListing) throws {
    guard let found = listing.parts.first(where: { !$0.isLabelled && $0.intended == part }),
      listing.isCut
    else { return }
    let others = listing.parts.filter(\.isLabelled).compactMap { $0.name?.rawValue }
    throw error(
      listing, "labels of the images of the \(part) part",
      "\(counted(found.files.count, "image")) without labels in \(found.folder)",
      "sort them into one folder a class, or give a list by --labels"
        + (others.isEmpty ? "" : ", or name a part that has labels (--split \(others[0]))")
        + "; predict takes images without labels")
  }

  private static func error(
    _ listing: ImageListing, _ expected: String, _ found: String, _ advice: String
  ) -> DatasetError {
    DatasetError(
      .mismatched, at: listing.url.path, expected: expected, found: found, advice: advice)
  }
}
