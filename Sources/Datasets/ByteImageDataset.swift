import CKernels
public import Tensors

/// Labelled images held in memory as bytes: a quarter of the memory that floats take.
///
/// Filling writes the bytes as numbers from 0 to 255 to `"input"`, `[height, width, channels]`, and
/// the label to `"target"`. Nothing is scaled here: scaling is a layer of the network, saved with
/// it.
public struct ByteImageDataset: Dataset {
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
  /// True.
  public var isInMemory: Bool { true }

  private let pixels: ByteBuffer
  private let imageSize: Int
  private let imageLabels: [Int32]

  /// Creates a data set from a copy of the given pixels.
  ///
  /// - Parameters:
  ///   - pixels: The images one after the other, `[count, height, width, channels]` in row-major
  ///     order.
  ///   - imageShape: Height, width and channels.
  ///   - labels: The class of every image, from 0.
  ///   - classNames: The names of the classes by label.
  /// - Throws: ``DatasetError`` if there are not `labels.count` images in `pixels`, if there are
  ///   none, or if a label is negative or has no name in `classNames`.
  public init(pixels: [UInt8], imageShape: Shape, labels: [Int32], classNames: [String]? = nil)
    throws
  {
    let buffer = try ByteBuffer(count: pixels.count, place: "images")
    _ = buffer.bytes.update(fromContentsOf: pixels)
    try self.init(
      pixels: buffer, imageShape: imageShape, labels: labels, classNames: classNames,
      place: "images")
  }

  /// Creates a data set that shares `pixels`.
  ///
  /// - Parameter place: Where the images come from, for errors.
  package init(
    pixels: ByteBuffer, imageShape: Shape, labels: [Int32], classNames: [String]?, place: String
  ) throws {
    guard let size = imageShape.checkedCount, size > 0, imageShape.rank == 3 else {
      throw DatasetError(
        .mismatched, at: place, expected: "images of [height, width, channels], each 1 or more",
        found: "\(imageShape)", advice: "check the shape of an image")
    }
    guard labels.count > 0, pixels.count % size == 0, pixels.count / size == labels.count else {
      throw DatasetError(
        .mismatched, at: place, expected: "at least one image, and as many labels as images",
        found:
          "\(pixels.count) bytes, which is \(counted(pixels.count / size, "image")) of \(imageShape), "
          + "and \(counted(labels.count, "label"))",
        advice: "check that images and labels belong together")
    }
    try checkLabels(labels, classCount: classNames?.count, place: place)
    self.count = labels.count
    self.fields = [
      BatchField(name: "input", elementType: .float32, exampleShape: imageShape),
      BatchField(name: "target", elementType: .int32, exampleShape: []),
    ]
    self.classNames = classNames
    self.pixels = pixels
    self.imageSize = size
    self.imageLabels = labels
  }

  /// The same images with other labels.
  func replacing(labels: [Int32], classNames: [String]) throws -> ByteImageDataset {
    try ByteImageDataset(
      pixels: pixels, imageShape: imageShape, labels: labels, classNames: classNames,
      place: "labels")
  }

  /// Converts the images at `indices` to floats at their places.
  ///
  /// Never throws.
  public func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) {
    checkPlaces(of: indices, at: slot, in: batch, exampleCount: count)
    gatherImages(
      pixels.pointer, size: imageSize, at: indices, to: batch.floats(0) + slot * imageSize)
    let labels = batch.integers(1) + slot
    for place in 0..<indices.count { labels[place] = imageLabels[indices[place]] }
  }

  /// A checksum of the pixels and labels of the images at `indices`.
  public func fingerprint(of indices: [Int]) -> DataFingerprint? {
    var checksum = ContentChecksum()
    checksum.add(rows: indices, of: imageSize, from: UnsafeBufferPointer(pixels.bytes))
    imageLabels.withUnsafeBufferPointer { checksum.add(rows: indices, of: 1, from: $0) }
    return DataFingerprint(content: checksum.text)
  }

  /// The bytes of one image, row-major `[height, width, channels]`.
  ///
  /// - Precondition: the image exists.
  public func image(at index: Int) -> [UInt8] {
    precondition(index >= 0 && index < count, "There is no image \(index) among \(count).")
    return Array(
      UnsafeBufferPointer(start: pixels.pointer + index * imageSize, count: imageSize))
  }
}

/// Writes the images at `indices`, `size` bytes each, as numbers from 0 to 255, one after the other.
package func gatherImages(
  _ source: UnsafePointer<UInt8>, size: Int, at indices: UnsafeBufferPointer<Int>,
  to destination: UnsafeMutablePointer<Float>
) {
  guard let first = indices.baseAddress else { return }
  first.withMemoryRebound(to: Int64.self, capacity: indices.count) {
    nk_gather_bytes_to_floats(source, size, $0, indices.count, destination)
  }
}
