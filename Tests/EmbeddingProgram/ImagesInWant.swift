import Foundation
import Needletail

/// Images that the system has no open files or no memory for, in the working folder.
extension EmbeddingProgram {
  static func wantFiles() throws {
    let folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    let listing = try ImageListing(of: folder)
    var taken: [Int32] = []
    while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 {
      taken.append(descriptor)
    }
    try readInWant(listing, folder)
    say(outcome { _ = try ImageListing(of: folder) })
    taken.forEach { close($0) }
    say(outcome { _ = try dataset(of: listing) })
  }

  static func wantMemoryForImages() throws {
    let folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    let listing = try ImageListing(of: folder)
    // Threads first: their stacks count.
    say(outcome { _ = try dataset(of: listing) })
    limitAddressSpace(toMore: 30_000_000)
    try readInWant(listing, folder)
  }

  private static func readInWant(_ listing: ImageListing, _ folder: URL) throws {
    let files = listing.parts[0].files.map { folder.appendingPathComponent($0.path) }
    say(outcome { _ = try dataset(of: listing) })
    say(outcome { _ = try ImageFiles.decode(files, shape: [4, 4, 1], threadCount: 1) })
  }

  private static func dataset(of listing: ImageListing) throws -> ImageFolderDataset {
    try ImageFolderDataset(
      listing.parts[0], of: listing, options: ImageOptions(skipsBadFiles: true, threadCount: 1))
  }

  /// The kind of the error that an action throws.
  private static func outcome(_ action: () throws -> Void) -> String {
    do {
      try action()
      return "read"
    } catch let error as DatasetError {
      return error.kind.rawValue
    } catch is MemoryError {
      return "no memory"
    } catch {
      return "\(error)"
    }
  }
}
