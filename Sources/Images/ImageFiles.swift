import Datasets
public import Foundation
public import Tensors
import Threads

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
  /// - Returns: The images that could be decoded, side by side, `[n, height, width, channels]` of
  ///   numbers from 0 to 255; and of the others the places among `files`, in order, and the errors.
  /// - Throws: `MemoryError` if there is no memory for so many; `EngineError` in a forked child.
  /// - Precondition: `shape` has three extents of at least 1, the last of them 1 or 3.
  public static func decode(
    _ files: some RandomAccessCollection<URL>, shape: Shape, threadCount: Int
  ) throws -> (images: Tensor, failures: [(index: Int, error: any Error)]) {
    precondition(shape.rank == 3, "Images have height, width and channels, not \(shape).")
    try Engine.check()
    let files = Array(files)
    let size = shape.checkedCount ?? .max
    let (count, overflows) = size.multipliedReportingOverflow(by: files.count)
    let all = try AlignedBuffer<Float>(
      count: overflows ? -1 : count, for: "\(files.count) images of \(shape)")
    let errors = Lock<[Int: any Error]>([:])
    let workers = max(1, min(threadCount, files.count, ThreadBudget.maximumThreadCount))
    WorkerTeam(threadCount: workers).run(count: files.count, chunkSize: 1) { range in
      for index in range {
        do {
          let place = all.elements[index * size..<(index + 1) * size]
          try Image(contentsOf: files[index], channels: shape[2])
            .resized(width: shape[1], height: shape[0])
            .write(to: UnsafeMutableBufferPointer(rebasing: place))
        } catch {
          errors.withLock { $0[index] = error }
        }
      }
    }
    let failures = errors.withLock { $0 }.sorted { $0.key < $1.key }
      .map { (index: $0.key, error: $0.value) }
    let failed = Set(failures.map(\.index))
    let decoded = files.indices.filter { !failed.contains($0) }
    let images = Tensor(shape: Shape([decoded.count] + shape.dimensions)) { elements in
      for (slot, index) in decoded.enumerated() {
        elements.baseAddress?.advanced(by: slot * size)
          .update(from: all.pointer + index * size, count: size)
      }
    }
    return (images, failures)
  }
}
