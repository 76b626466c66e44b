import CKernels
public import Datasets
import FilePaths
public import Foundation
import Synchronization
public import Tensors
import Threads

/// Images in files, with the labels that their folders, their names or a list give them
/// (``ImageListing``).
///
/// All files are looked at when the data set is made, header and end; those that cannot be read are errors,
/// or left out if that is asked for. Images are decoded, resized and converted when they are first asked for,
/// several at once, and kept as bytes if all of them fit under the cache's limit. Filling writes numbers from
/// 0 to 255 to `"input"`, `[height, width, channels]`, and the label to `"target"`; where a list gives some
/// images several labels or none, `"target"` is a float for each class, 1 for those that an image has.
public final class ImageFolderDataset: DecodingDataset, @unchecked Sendable {
  /// The number of images.
  public let count: Int
  /// `"input"`, floats of the image's shape, and `"target"`, the label or a number for each class.
  public let fields: [BatchField]
  /// The names of the classes by label.
  public let classNames: [String]?
  /// The label of every image; nil where images have several labels.
  public let labels: [Int32]?
  /// The extents of an image: height, width, channels.
  public var imageShape: Shape { fields[0].exampleShape }
  /// What the images are on the disk.
  public let facts: ImageFacts
  /// What was wrong with the images that were left out; empty unless that was asked for.
  public let skipped: [DatasetError]
  /// How many of the images that were decoded so far are odd, and read all the same.
  public var notes: [ImageNote: Int] { seenNotes.withLock { $0.mapValues(\.count) } }
  /// Whether decoded images are kept.
  public var isCached: Bool { cache != nil }

  private let folder: String
  private let files: [ImageListing.File]
  let options: ImageOptions
  /// Its threads start with the first images that are decoded.
  private let decodingTeam: WorkerTeam
  private let imageSize: Int
  /// What one thread takes for the image that takes most.
  private let decodingByteCount: Int
  private let cache: ImageCache?
  private let decoders = Lock<[ImageDecoder]>([])
  private let seenNotes: Lock<[ImageNote: Set<Int>]>

  /// Opens a folder with one folder a class.
  ///
  /// - Parameters:
  ///   - url: The folder that holds the classes' folders.
  ///   - size: The height and width to resize all images to; see ``ImageFacts/standardShape(preferred:)``
  ///     if nil.
  ///   - channels: 1 for grey, 3 for colour; colour if any image is if nil.
  ///   - classNames: The classes by label, where they are known already: of the training part, of a
  ///     trained network. The folders' names if nil.
  ///   - options: How the folder is read.
  /// - Throws: `DatasetError` if the folder cannot be read, has no class, a class without an image, or a
  ///   class that is not in `classNames`; ``ImageProblems`` if images cannot be read.
  public convenience init(
    contentsOf url: URL, size: (height: Int, width: Int)? = nil, channels: Int? = nil,
    classNames: [String]? = nil, options: ImageOptions = ImageOptions()
  ) throws {
    let listing = try ImageListing(
      of: url, layout: .classes, labels: options.labels, classNames: classNames)
    try listing.checkClasses(of: listing.parts[0])
    try self.init(
      listing.parts[0], of: listing, size: size, channels: channels, options: options)
  }

  /// Opens a part of a listed folder.
  ///
  /// - Parameters:
  ///   - part: The part.
  ///   - listing: What it is a part of.
  ///   - size: The height and width to resize all images to; see ``ImageFacts/standardShape(preferred:)``
  ///     if nil.
  ///   - preferredSize: The size that a network is made for, where `size` is nil.
  ///   - channels: 1 for grey, 3 for colour; colour if any image is if nil.
  ///   - options: How the folder is read.
  /// - Throws: `DatasetError` if the part has no image; ``ImageProblems`` if images cannot be read.
  public convenience init(
    _ part: ImageListing.Part, of listing: ImageListing, size: (height: Int, width: Int)? = nil,
    preferredSize: (height: Int, width: Int)? = nil, channels: Int? = nil,
    options: ImageOptions = ImageOptions()
  ) throws {
    let survey = try ImageSurvey(
      of: part.files.map { listing.url.path + "/" + $0.path }, decodes: options.skipsBadFiles,
      options: options)
    try self.init(
      part, of: listing, survey: survey, size: size, preferredSize: preferredSize,
      channels: channels, options: options)
  }

  init(
    _ part: ImageListing.Part, of listing: ImageListing, survey: ImageSurvey,
    size: (height: Int, width: Int)?, preferredSize: (height: Int, width: Int)?, channels: Int?,
    options: ImageOptions
  ) throws {
    let problems = part.problems + survey.problems
    guard problems.isEmpty || options.skipsBadFiles else {
      throw ImageProblems(
        paths: [listing.url.path], imageCount: part.files.count + part.problems.count,
        problems: problems)
    }
    guard part.isLabelled else {
      throw DatasetError(
        .mismatched, at: listing.url.path + (part.folder.isEmpty ? "" : "/" + part.folder),
        expected: "images with labels", found: "\(part.files.count) without",
        advice: "sort them into one folder a class, or decode them with ImageFiles")
    }
    let files = zip(part.files, survey.headers).filter { $0.1 != nil }.map(\.0)
    guard !files.isEmpty else {
      throw DatasetError(
        .unreadable, at: listing.url.path + (part.folder.isEmpty ? "" : "/" + part.folder),
        expected: "images that can be read",
        found: "none among \(part.files.count + part.problems.count)",
        advice: "check the files")
    }
    let facts = ImageFacts(survey.headers.compactMap(\.self))
    let standard = facts.standardShape(preferred: preferredSize)
    let shape = Shape([
      size?.height ?? standard[0], size?.width ?? standard[1], channels ?? standard[2],
    ])
    guard let imageSize = shape.checkedCount, shape[0] >= 1, shape[1] >= 1,
      shape[2] == 1 || shape[2] == 3, options.limits.allow(width: shape[1], height: shape[0])
    else {
      throw DatasetError(
        .mismatched, at: "size of images",
        expected: "1 to \(ImageLimits.maximumSide) pixels a side, at most "
          + "\(options.limits.maximumPixelCount) in all, and 1 or 3 channels", found: "\(shape)",
        advice: "choose another size")
    }
    let hasOneLabel = files.allSatisfy { $0.labels.count == 1 }
    self.facts = facts
    self.count = files.count
    self.fields = [
      BatchField(name: "input", elementType: .float32, exampleShape: shape),
      hasOneLabel
        ? BatchField(name: "target", elementType: .int32, exampleShape: [])
        : BatchField(
          name: "target", elementType: .float32, exampleShape: [listing.classNames.count]),
    ]
    self.classNames = listing.classNames
    self.labels = hasOneLabel ? files.map { $0.labels[0] } : nil
    self.skipped = problems
    self.seenNotes = Lock(survey.notes(keeping: survey.headers.map { $0 != nil }))
    self.folder = listing.url.path
    self.files = files
    self.options = options
    self.decodingTeam = WorkerTeam(threadCount: options.workerCount)
    self.imageSize = imageSize
    self.decodingByteCount =
      survey.headers.lazy.compactMap { $0?.decodingByteCount(to: shape) }.max() ?? 0
    let (bytes, overflow) = imageSize.multipliedReportingOverflow(by: files.count)
    self.cache =
      !overflow && bytes <= options.cacheLimit
      ? try ImageCache(count: files.count, imageSize: imageSize, place: listing.url.path) : nil
  }

  /// The file of an image.
  ///
  /// - Precondition: the image exists.
  public func url(at index: Int) -> URL {
    URL(pathText: path(of: index))
  }

  func path(of index: Int) -> String {
    folder + "/" + files[index].path
  }

  /// Decodes the images at `indices`, or takes them from the cache.
  ///
  /// Decodes on threads of its own, apart from those that compute. Allocates nothing once all of
  /// the images are in the cache.
  ///
  /// - Throws: `DatasetError` naming the file that cannot be decoded; the first by place if there
  ///   are several.
  public func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) throws {
    checkPlaces(of: indices, at: slot, in: batch, exampleCount: count)
    let images = batch.floats(0) + slot * imageSize
    writeTargets(to: batch, at: slot, with: indices)
    let missing = indices.count { cache?.isReady($0) != true }
    if missing == 0, let cache {
      gatherImages(cache.image(0), size: imageSize, at: indices, to: images)
      return
    }
    let work = Work(indices: indices, images: images)
    let workers = min(decodingTeam.threadCount, missing)
    if workers <= 1 {
      run(work)
    } else {
      decodingTeam.run(count: workers, chunkSize: 1) { _ in run(work) }
    }
    if let failure = work.failure.withLock({ $0 }) { throw failure.error }
  }

  /// How many threads decode: as many as asked for, or fewer where the system refused some.
  ///
  /// Starts them if nothing has.
  package var decodingThreadCount: Int { decodingTeam.runningThreadCount() }

  package func decodingByteCount(batch: Int) -> Int {
    min(decodingThreadCount, batch, count) * decodingByteCount
  }

  package func releaseDecodingMemory() {
    decoders.withLock { $0 = [] }
  }

  private func writeTargets(
    to batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>
  ) {
    if let labels {
      let targets = batch.integers(1) + slot
      for (place, index) in indices.enumerated() { targets[place] = labels[index] }
      return
    }
    let classCount = fields[1].exampleShape.count
    let targets = batch.floats(1) + slot * classCount
    targets.update(repeating: 0, count: indices.count * classCount)
    for (place, index) in indices.enumerated() {
      for label in files[index].labels { targets[place * classCount + Int(label)] = 1 }
    }
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
    let current =
      try decoder ?? decoders.withLock { $0.popLast() }
      ?? ImageDecoder(limits: options.limits, reading: options.reading)
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
        let notes = try current.decode(
          bytes, header, name: path, width: imageShape[1], height: imageShape[0],
          channels: imageShape[2], to: pixels)
        if !notes.isEmpty {
          seenNotes.withLock { seen in
            for note in notes { seen[note, default: []].insert(index) }
          }
        }
      } catch {
        if writesToCache { cache?.release(index) }
        throw error
      }
      if writesToCache { cache?.publish(index) }
      nk_bytes_to_floats(pixels, destination, imageSize)
    }
  }
}
