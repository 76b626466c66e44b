import CKernels
public import Datasets
import Dispatch
public import Foundation
import Synchronization
public import Tensors
import Threads

/// Images in files, one folder a class: `cat/1.png`, `dog/old/7.jpg`.
///
/// The classes are the folders' names in alphabetical order, in numerical order if all are numbers.
/// Folders inside of a class belong to it. Hidden files are left out; other files are left out and
/// counted (``skippedFileCount``); images in formats that are not read are errors, because leaving
/// them out would quietly shrink the data.
///
/// Images are decoded, resized and converted when they are first asked for, several at once, and kept
/// as bytes if all of them fit under the cache's limit. Filling writes numbers from 0 to 255 to
/// `"input"`, `[height, width, channels]`, and the label to `"target"`.
public final class ImageFolderDataset: Dataset, @unchecked Sendable {
  /// The number of images.
  public let count: Int
  /// `"input"`, floats of the image's shape, and `"target"`, the label.
  public let fields: [BatchField]
  /// The names of the classes by label.
  public let classNames: [String]?
  /// The label of every image.
  public var labels: [Int32]? { imageLabels }
  /// The extents of an image: height, width, channels.
  public var imageShape: Shape { fields[0].exampleShape }
  /// How many files in the classes' folders were left out because they are no images by their names.
  public let skippedFileCount: Int
  /// Whether decoded images are kept.
  public var isCached: Bool { cache != nil }

  private let folder: String
  private let paths: [String]
  private let imageLabels: [Int32]
  private let limits: ImageLimits
  private let threadCount: Int
  private let imageSize: Int
  private let cache: ImageCache?
  private let decoders = Lock<[ImageDecoder]>([])

  /// Lists a folder.
  ///
  /// No image is decoded yet; of the first one the header is read.
  ///
  /// - Parameters:
  ///   - url: The folder that holds the classes' folders.
  ///   - size: The height and width to resize all images to; those of the first image if nil.
  ///   - channels: 1 for grey, 3 for colour; as the first image if nil.
  ///   - classNames: The classes by label, where they are known already: of the training part, of a
  ///     trained network. The folders' names if nil.
  ///   - cacheLimit: Decoded images are kept if all of them take no more bytes than this; 512 MB by
  ///     default. 0 keeps none.
  ///   - threadCount: How many images are decoded at once; the number of processors if nil.
  ///   - limits: What is refused for its size before memory is taken.
  /// - Throws: `DatasetError` if the folder cannot be read, has no class, a class without an image, a
  ///   class that is not in `classNames`, or an image in a format that is not read.
  public init(
    contentsOf url: URL, size: (height: Int, width: Int)? = nil, channels: Int? = nil,
    classNames: [String]? = nil, cacheLimit: Int = 512 << 20, threadCount: Int? = nil,
    limits: ImageLimits = ImageLimits()
  ) throws {
    let listing = try ImageListing(of: url, classNames: classNames)
    var shape = Shape([size?.height ?? 0, size?.width ?? 0, channels ?? 0])
    if size == nil || channels == nil {
      let first = url.path + "/" + listing.paths[0]
      let decoder = try ImageDecoder(limits: limits)
      let header = try decoder.withFile(first) { try decoder.header(of: $0, name: first) }
      shape = Shape([
        size?.height ?? header.height, size?.width ?? header.width, channels ?? header.channels,
      ])
    }
    guard let imageSize = shape.checkedCount, shape[0] >= 1, shape[1] >= 1,
      shape[2] == 1 || shape[2] == 3, limits.allow(width: shape[1], height: shape[0])
    else {
      throw DatasetError(
        .mismatched, at: "size of images",
        expected: "1 to \(ImageLimits.maximumSide) pixels a side, at most "
          + "\(limits.maximumPixelCount) in all, and 1 or 3 channels", found: "\(shape)",
        advice: "choose another size")
    }
    let (bytes, overflow) = imageSize.multipliedReportingOverflow(by: listing.paths.count)
    self.count = listing.paths.count
    self.fields = [
      BatchField(name: "input", elementType: .float32, exampleShape: shape),
      BatchField(name: "target", elementType: .int32, exampleShape: []),
    ]
    self.classNames = listing.classNames
    self.skippedFileCount = listing.skippedFileCount
    self.folder = url.path
    self.paths = listing.paths
    self.imageLabels = listing.labels
    self.limits = limits
    self.threadCount = max(1, threadCount ?? ProcessInfo.processInfo.activeProcessorCount)
    self.imageSize = imageSize
    self.cache =
      !overflow && bytes <= cacheLimit
      ? try ImageCache(count: listing.paths.count, imageSize: imageSize, place: url.path) : nil
  }

  /// The file of an image.
  ///
  /// - Precondition: the image exists.
  public func url(at index: Int) -> URL {
    URL(fileURLWithPath: path(of: index))
  }

  private func path(of index: Int) -> String {
    folder + "/" + paths[index]
  }

  /// Decodes the images at `indices`, or takes them from the cache.
  ///
  /// Decodes on threads of Dispatch's, apart from those that compute. Allocates nothing once all of
  /// the images are in the cache.
  ///
  /// - Throws: `DatasetError` naming the file that cannot be decoded; the first by place if there
  ///   are several.
  public func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) throws {
    checkPlaces(of: indices, at: slot, in: batch, exampleCount: count)
    let images = batch.floats(0) + slot * imageSize
    let labels = batch.integers(1) + slot
    var missing = 0
    for (place, index) in indices.enumerated() {
      labels[place] = imageLabels[index]
      if cache?.isReady(index) != true { missing += 1 }
    }
    if missing == 0, let cache {
      gatherImages(cache.image(0), size: imageSize, at: indices, to: images)
      return
    }
    let work = Work(indices: indices, images: images)
    let workers = min(threadCount, missing)
    if workers <= 1 {
      run(work)
    } else {
      DispatchQueue.concurrentPerform(iterations: workers) { _ in
        FloatMode.flushingDenormals { run(work) }
      }
    }
    if let failure = work.failure.withLock({ $0 }) { throw failure.error }
  }

  /// What the threads of one fill share.
  private final class Work: @unchecked Sendable {
    let indices: UnsafeBufferPointer<Int>
    let images: UnsafeMutablePointer<Float>
    let next = Atomic<Int>(0)
    let failure = Lock<(place: Int, error: any Error)?>(nil)

    init(indices: UnsafeBufferPointer<Int>, images: UnsafeMutablePointer<Float>) {
      self.indices = indices
      self.images = images
    }
  }

  /// Fills place after place until none is left or one has failed.
  ///
  /// Places are taken in order, so the ones before a failed one are all tried: which error is
  /// reported does not depend on the threads.
  private func run(_ work: Work) {
    var decoder: ImageDecoder?
    while true {
      let place = work.next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard place < work.indices.count else { break }
      do {
        try fill(work.images + place * imageSize, with: work.indices[place], &decoder)
      } catch {
        work.failure.withLock { failure in
          if failure.map({ place < $0.place }) ?? true { failure = (place, error) }
        }
        work.next.store(work.indices.count, ordering: .relaxed)
        break
      }
    }
    if let decoder { decoders.withLock { $0.append(decoder) } }
  }

  private func fill(
    _ destination: UnsafeMutablePointer<Float>, with index: Int, _ decoder: inout ImageDecoder?
  ) throws {
    if let cache, cache.isReady(index) {
      nk_bytes_to_floats(cache.image(index), destination, imageSize)
      return
    }
    let current = try decoder ?? decoders.withLock { $0.popLast() } ?? ImageDecoder(limits: limits)
    decoder = current
    let path = path(of: index)
    try current.withFile(path) { bytes in
      let header = try current.header(of: bytes, name: path)
      let writesToCache = cache?.reserve(index) ?? false
      let pixels =
        if writesToCache, let cache { cache.image(index) } else {
          try current.outputBytes(count: imageSize, for: path)
        }
      do {
        try current.decode(
          bytes, header, name: path, width: imageShape[1], height: imageShape[0],
          channels: imageShape[2], to: pixels)
      } catch {
        if writesToCache { cache?.release(index) }
        throw error
      }
      if writesToCache { cache?.publish(index) }
      nk_bytes_to_floats(pixels, destination, imageSize)
    }
  }
}
