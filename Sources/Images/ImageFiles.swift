public import Datasets
import FilePaths
public import Foundation
public import Tensors
import Threads

/// Image files without labels: found in folders, decoded for a network.
public enum ImageFiles {
  /// The images of a folder and of the folders in it, in the order of their paths, as ``ImageListing``
  /// finds them: hidden files, files that are no images and run folders are left out, links are followed.
  ///
  /// Images in formats that are not read are among them: decoding them fails, and says so.
  ///
  /// - Throws: `DatasetError` if the folder cannot be read or holds no image.
  public static func list(in folder: URL) throws -> [URL] { try find(in: folder).files }

  /// The same images, with what was left out and why, and what else should be told.
  ///
  /// - Throws: `DatasetError` if the folder cannot be read or holds no image.
  public static func find(
    in folder: URL
  ) throws -> (files: [URL], leftOut: [ImageListing.LeftOut], notes: [String]) {
    let tree = try FolderTree(of: folder)
    let found = (tree.allImages(isForeign: false) + tree.allImages(isForeign: true)).sorted()
    let leftOut = tree.leftOut
    guard !found.isEmpty else {
      let others = leftOut.map(\.description).joined(separator: ", ")
      throw DatasetError(
        .unreadable, at: folder.path, expected: "image files",
        found: others.isEmpty ? "none" : "none, but \(others)", advice: "check the path")
    }
    return (found.map { URL(pathText: folder.path + "/" + $0) }, leftOut, tree.notes)
  }

  /// Looks at the headers and ends of files, several at once, without decoding them.
  ///
  /// - Parameters:
  ///   - files: The files.
  ///   - limits: What is refused for its size.
  ///   - threadCount: How many files are looked at at once.
  /// - Returns: The places of those that cannot be read, in order, and the errors.
  public static func check(
    _ files: [URL], limits: ImageLimits = ImageLimits(), threadCount: Int
  ) throws -> [(index: Int, error: DatasetError)] {
    let survey = try ImageSurvey(
      of: files.map(\.path), decodes: false,
      options: ImageOptions(threadCount: threadCount, limits: limits))
    return Array(zip(files.indices.filter { survey.headers[$0] == nil }, survey.problems))
      .map { (index: $0.0, error: $0.1) }
  }

  /// Decodes files, several at once, in the shape that a network takes.
  ///
  /// - Parameters:
  ///   - files: The files; their results keep this order.
  ///   - shape: Height, width and channels (1 or 3) that every image is brought to.
  ///   - preparation: How pixels become the network's input: what its training did.
  ///   - limits: What is refused for its size before memory is taken.
  ///   - threadCount: How many files are decoded at once.
  /// - Returns: The images that could be decoded, side by side, `[n, height, width, channels]` of
  ///   numbers from 0 to the largest of the preparation; and of the others the places among `files`, in order, and the errors.
  /// - Throws: `MemoryError` if there is no memory for so many, `DatasetError` if the system has no memory or
  ///   open files to read one; `EngineError` in a forked child.
  /// - Precondition: `shape` has three extents of at least 1, the last of them 1 or 3.
  public static func decode(
    _ files: some RandomAccessCollection<URL>, shape: Shape,
    preparation: ImagePreparation = ImagePreparation(),
    limits: ImageLimits = ImageLimits(), threadCount: Int
  ) throws -> (images: Tensor, failures: [(index: Int, error: any Error)]) {
    precondition(shape.rank == 3, "Images have height, width and channels, not \(shape).")
    try Engine.check()
    let files = Array(files)
    let size = shape.checkedCount ?? .max
    let (count, overflows) = size.multipliedReportingOverflow(by: files.count)
    let all = try AlignedBuffer<Float>(
      count: overflows ? -1 : count, for: "\(counted(files.count, "image")) of \(shape)")
    let errors = Lock<[Int: any Error]>([:])
    let workers = max(1, min(threadCount, files.count, ThreadBudget.maximumThreadCount))
    WorkerTeam(threadCount: workers).run(count: files.count, chunkSize: 1) { range in
      for index in range {
        do {
          let place = all.elements[index * size..<(index + 1) * size]
          try Image(
            contentsOf: files[index], size: (height: shape[0], width: shape[1]), channels: shape[2],
            reading: preparation.reading, limits: limits
          ).write(
            to: UnsafeMutableBufferPointer(rebasing: place), maximum: preparation.maximumPixel)
        } catch {
          errors.withLock { $0[index] = error }
        }
      }
    }
    let failures = errors.withLock { $0 }.sorted { $0.key < $1.key }
      .map { (index: $0.key, error: $0.value) }
    // Want of memory or of open files is no fault of a file.
    let refusal = failures.first {
      $0.error is MemoryError || ($0.error as? DatasetError)?.kind == .refused
    }
    if let refusal { throw refusal.error }
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
