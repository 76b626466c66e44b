import Datasets
import Dispatch
public import Foundation
import Synchronization
public import Tensors

/// Image files without labels: found in folders, decoded for a network.
public enum ImageFiles {
  /// The PNG and JPEG files of a folder and of the folders in it, in the order of their paths.
  ///
  /// Hidden files and files that are no images by their names are left out.
  ///
  /// - Throws: `DatasetError` if the folder cannot be read, holds no image, or holds one in a format
  ///   that is not read.
  public static func list(in folder: URL) throws -> [URL] {
    let paths: [String]
    do {
      paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    } catch {
      throw DatasetError(
        .unreadable, at: folder.path, expected: "a folder that can be read",
        found: "none", advice: "check the path and its permissions")
    }
    var found: [String] = []
    for path in paths where !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
      let ending = (path as NSString).pathExtension.lowercased()
      if ImageListing.decodable.contains(ending) {
        found.append(path)
      } else if ImageListing.unreadable.contains(ending) {
        throw DatasetError(
          .unsupported, at: folder.appendingPathComponent(path).path,
          expected: "PNG or JPEG images", found: "an image in another format",
          advice: "convert it, or move it away")
      }
    }
    guard !found.isEmpty else {
      throw DatasetError(
        .unreadable, at: folder.path, expected: "PNG or JPEG files", found: "none",
        advice: "check the path")
    }
    return found.sorted().map { folder.appendingPathComponent($0) }
  }

  /// Decodes files, several at once, in the shape that a network takes.
  ///
  /// - Parameters:
  ///   - files: The files; their results keep this order.
  ///   - shape: Height, width and channels (1 or 3) that every image is brought to.
  ///   - threadCount: How many files are decoded at once.
  /// - Returns: The images before the first file that cannot be decoded, `[n, height, width,
  ///   channels]` of numbers from 0 to 255, and that file's error.
  /// - Precondition: `shape` has three extents of at least 1, the last of them 1 or 3.
  public static func decode(
    _ files: some RandomAccessCollection<URL>, shape: Shape, threadCount: Int
  ) -> (images: Tensor, failure: (any Error)?) {
    precondition(shape.rank == 3, "Images have height, width and channels, not \(shape).")
    let files = Array(files)
    let results = Mutex([Result<Tensor, any Error>?](repeating: nil, count: files.count))
    let workers = max(1, min(threadCount, files.count))
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for index in stride(from: worker, to: files.count, by: workers) {
        let result = Result { () throws -> Tensor in
          try Image(contentsOf: files[index], channels: shape[2])
            .resized(width: shape[1], height: shape[0]).tensor()
        }
        results.withLock { $0[index] = result }
      }
    }
    var images: [Tensor] = []
    var failure: (any Error)?
    for result in results.withLock({ $0 }) {
      switch result {
      case .success(let image): images.append(image)
      case .failure(let error): failure = error
      case nil: preconditionFailure("Every file has a result.")
      }
      if failure != nil { break }
    }
    let size = shape.count
    let tensor = Tensor(shape: Shape([images.count] + shape.dimensions)) { elements in
      for (index, image) in images.enumerated() {
        image.withUnsafeElements {
          _ = elements[index * size..<(index + 1) * size].update(fromContentsOf: $0)
        }
      }
    }
    return (tensor, failure)
  }
}
