public import Datasets
public import Foundation

extension ImageListing {
  /// What is wrong with images of the listing: those of other formats, and those that decoding shows to be
  /// damaged.
  ///
  /// - Parameters:
  ///   - part: The part to look at; all if nil.
  ///   - options: How files are read.
  public func damagedFiles(
    in part: Part? = nil, options: ImageOptions = ImageOptions()
  ) throws -> [DatasetError] {
    try (part.map { [$0] } ?? parts).flatMap { part in
      part.problems
        + (try ImageSurvey(
          of: part.files.map { url.path + "/" + $0.path }, decodes: true, options: options
        ).problems)
    }
  }

  /// A folder with the number of images in it and below.
  public struct OutlineEntry: Hashable, Sendable {
    /// Its path below the folder that was asked for.
    public let path: String
    /// How many images there are in it and below.
    public let imageCount: Int
  }

  /// The folders of a folder, two levels deep, with the images in each: what a person looks at where the
  /// rule does not decide what the folders stand for.
  ///
  /// - Throws: `DatasetError` if the folder cannot be read.
  public static func outline(of url: URL) throws -> [OutlineEntry] {
    let tree = try FolderTree(of: url)
    return tree.imageFolders.flatMap { folder in
      [folder] + folder.imageFolders
    }
    .map { OutlineEntry(path: $0.path, imageCount: $0.imageCount) }
  }
}
