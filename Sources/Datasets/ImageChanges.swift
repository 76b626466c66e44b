import CKernels
import Tensors

/// An augmentation of the images of a certain data set.
struct ImageChanges: Sendable {
  let augmentation: Augmentation
  let height: Int
  let width: Int
  let channels: Int

  /// Checks that the augmentation suits the examples.
  ///
  /// - Throws: ``DatasetError`` if the first field holds no images of floats, or if images could be moved
  ///   out of their frame.
  init(_ augmentation: Augmentation, fields: [BatchField]) throws {
    guard let field = fields.first, field.elementType == .float32, field.exampleShape.rank == 3
    else {
      throw DatasetError(
        .mismatched, at: "augmentation",
        expected: "images of float32 [height, width, channels] as the first field",
        found: fields.first.map { "\($0.elementType.rawValue) \($0.exampleShape)" } ?? "no field",
        advice: "leave the augmentation out, or give the images their shape")
    }
    height = field.exampleShape[0]
    width = field.exampleShape[1]
    channels = field.exampleShape[2]
    try augmentation.check(for: field.exampleShape)
    self.augmentation = augmentation
  }

  /// The changes of the epoch with these random numbers.
  func drawn(from stream: RandomStream) -> EpochChanges {
    EpochChanges(changes: self, stream: stream)
  }
}

/// What an augmentation does to the images in one epoch.
struct EpochChanges: Sendable {
  let changes: ImageChanges
  let stream: RandomStream

  /// Changes images in their places.
  ///
  /// Several threads may do this for a batch at once, as long as the places do not overlap.
  ///
  /// - Parameters:
  ///   - batch: Where they are, from the place `slot` on.
  ///   - slot: The place of the first.
  ///   - indices: Their indices in the data set.
  func apply(to batch: Batch, at slot: Int, of indices: UnsafeBufferPointer<Int>) {
    let (height, width, channels) = (changes.height, changes.width, changes.channels)
    let augmentation = changes.augmentation
    let size = height * width * channels
    var image = batch.floats(0) + slot * size
    for index in indices {
      // Everything is drawn, whether it is used or not: a flip does not depend on there being a shift.
      let (first, second) = stream.pair(at: UInt64(index))
      nk_mirror_and_move(
        image, height, width, channels,
        augmentation.horizontalFlip && first & 1 != 0, augmentation.verticalFlip && first & 2 != 0,
        shift(first), shift(second))
      image += size
    }
  }

  /// A whole number from `-shift` to `shift`, with probabilities that differ by less than 2⁻⁶⁴.
  private func shift(_ bits: UInt64) -> Int {
    let shift = changes.augmentation.shift
    return Int(bits.multipliedFullWidth(by: UInt64(2 * shift + 1)).high) - shift
  }
}
