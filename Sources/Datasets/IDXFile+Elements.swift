import CKernels
import Foundation
import Tensors

extension IDXFile {
  /// The element at a place, exactly.
  private func number(at index: Int) -> Double {
    let bytes = UnsafeRawBufferPointer(buffer.bytes)
    func stored<Value: FixedWidthInteger>(_: Value.Type) -> Value {
      Value(
        bigEndian: bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self))
    }
    switch elementType {
    case .unsignedByte: return Double(stored(UInt8.self))
    case .signedByte: return Double(stored(Int8.self))
    case .int16: return Double(stored(Int16.self))
    case .int32: return Double(stored(Int32.self))
    case .float32: return Double(Float(bitPattern: stored(UInt32.self)))
    case .float64: return Double(bitPattern: stored(UInt64.self))
    }
  }

  /// The elements as pixels, whatever their type: whole numbers from 0 to 255.
  ///
  /// - Throws: ``DatasetError`` with the first element that is another number.
  func pixels() throws -> ByteBuffer {
    if elementType == .unsignedByte { return buffer }
    let pixels = try ByteBuffer(count: shape.count, place: name)
    for index in 0..<shape.count {
      guard let pixel = UInt8(exactly: number(at: index)) else {
        throw DatasetError(
          .unsupported, at: "\(name), element \(index)",
          expected: "pixels, whole numbers from 0 to 255",
          found: "\(shown(number(at: index))) among \(elementType)",
          advice: "scale the images to 0 to 255 and store them as unsigned bytes")
      }
      pixels.pointer[index] = pixel
    }
    return pixels
  }

  /// The elements as labels: of one dimension, or the first column of a table that is as wide as
  /// QMNIST's.
  ///
  /// - Throws: ``DatasetError`` if the shape is another one, or with the first that is no whole number
  ///   of 32 bits.
  func labels() throws -> [Int32] {
    // The columns of QMNIST: class, source, writer, digit's number, class in ASCII, number, two that
    // are not used.
    let isColumn = shape.rank == 1 || (shape.rank == 2 && shape[1] == 1)
    guard isColumn || (shape.rank == 2 && shape[1] == 8 && elementType == .int32) else {
      throw DatasetError(
        .mismatched, at: name,
        expected: "labels: one dimension, or QMNIST's eight columns of 32-bit integers",
        found: "\(elementType) of the shape \(shape)",
        advice: "give a file with one label an image")
    }
    let columnCount = shape.count / shape[0]
    return try (0..<shape[0]).map { row in
      let value = number(at: row * columnCount)
      guard let label = Int32(exactly: value) else {
        throw DatasetError(
          .malformed, at: "\(name), example \(row)", expected: "a whole number as the label",
          found: shown(value), advice: "number the classes from 0")
      }
      return label
    }
  }
}

/// A number for people: whole ones without a fraction.
private func shown(_ number: Double) -> String {
  Int(exactly: number).map(String.init) ?? "\(number)"
}

extension ByteImageDataset {
  /// Creates a data set from a file of images, `[count, height, width]` or
  /// `[count, height, width, channels]`, and a file of labels, `[count]`.
  ///
  /// Pixels are whole numbers from 0 to 255 and labels whole numbers from 0, of any type. Images of
  /// `[count, channels, height, width]` with 1 or 3 channels become the same with the channels last,
  /// if there are more than 4 columns. Of labels of `[count, 8]`, QMNIST's form, the first column counts.
  ///
  /// - Parameters:
  ///   - classNames: The names of the classes; by default the numbers up to the largest label.
  ///   - transpose: Whether rows are stored as columns, as EMNIST's are, and are to be turned back.
  /// - Throws: ``DatasetError`` if the shapes are others, the counts differ, a pixel or label is
  ///   another number, or a label has no name.
  public init(
    images: IDXFile, labels: IDXFile, classNames: [String]? = nil, transpose: Bool = false
  ) throws {
    let values = try labels.labels()
    try self.init(
      images: images, labels: values, labelsName: labels.name,
      classNames: classNames ?? numberedClasses(for: values, place: labels.name),
      transpose: transpose)
  }

  /// Creates a data set from a file of images and labels that were read before.
  init(
    images: IDXFile, labels: [Int32], labelsName: String, classNames: [String], transpose: Bool
  ) throws {
    let rank = images.shape.rank
    guard rank == 3 || rank == 4 else {
      throw DatasetError(
        .mismatched, at: images.name, expected: "images: 3 or 4 dimensions",
        found: "shape \(images.shape)",
        advice: "store images as [count, height, width], or with channels behind")
    }
    let count = images.shape[0]
    guard labels.count == count else {
      throw DatasetError(
        .mismatched, at: labelsName,
        expected: "\(counted(count, "label")), as many as images in \(images.name)",
        found: "\(labels.count)", advice: "check that the two files belong together")
    }
    try checkLabels(labels, classCount: classNames.count, place: labelsName)
    var pixels = try images.pixels()
    var extents = Array(images.shape.dimensions.dropFirst()) + (rank == 3 ? [1] : [])
    if [1, 3].contains(extents[0]), extents[2] > 4 {
      extents = [extents[1], extents[2], extents[0]]
      pixels = try pixels.withChannelsLast(extents, count: count, place: images.name)
    }
    if transpose {
      pixels = try pixels.transposed(extents, count: count, place: images.name)
      extents.swapAt(0, 1)
    }
    try self.init(
      pixels: pixels, imageShape: Shape(extents), labels: labels, classNames: classNames,
      place: images.name)
  }
}

extension ByteBuffer {
  /// Planes, `[count, channels, height, width]`, as images of `extents`, `[height, width, channels]`.
  fileprivate func withChannelsLast(
    _ extents: [Int], count: Int, place: String
  ) throws -> ByteBuffer {
    let size = extents.reduce(1, *)
    let result = try ByteBuffer(count: self.count, place: place)
    for index in 0..<count {
      nk_interleave_planes(
        pointer + index * size, result.pointer + index * size, extents[0] * extents[1], extents[2])
    }
    return result
  }

  /// Images of `extents`, `[height, width, channels]`, with rows and columns exchanged.
  fileprivate func transposed(_ extents: [Int], count: Int, place: String) throws -> ByteBuffer {
    let (height, width, channels) = (extents[0], extents[1], extents[2])
    let result = try ByteBuffer(count: self.count, place: place)
    for index in 0..<count {
      let source = pointer + index * height * width * channels
      let target = result.pointer + index * height * width * channels
      for row in 0..<height {
        for column in 0..<width {
          (target + (column * height + row) * channels)
            .update(from: source + (row * width + column) * channels, count: channels)
        }
      }
    }
    return result
  }
}
