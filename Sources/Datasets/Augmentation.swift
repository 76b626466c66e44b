public import Tensors

/// Random changes of images, under which they stay what they show: a network that sees them in each epoch
/// in another way learns what does not depend on these.
///
///     try trainer.fit(
///       &model, to: data, epochs: 20, augmentation: Augmentation(horizontalFlip: true, shift: 4))
///
/// How an image is changed is a pure function of a seed, the epoch and the image's index in the data
/// set: the same on any number of threads, in any batch, and after a training was resumed. Pixels keep
/// their values. Only the first field of the examples is changed.
public struct Augmentation: Hashable, Sendable {
  /// Whether each image is mirrored with probability 1/2: left and right are exchanged.
  public var horizontalFlip: Bool
  /// Whether each image is turned over with probability 1/2: top and bottom are exchanged.
  public var verticalFlip: Bool
  /// By how many pixels, at most, each image is moved.
  ///
  /// The way down and the way across are whole numbers from `-shift` to `shift`, all equally likely.
  /// Pixels that come in are zero.
  public var shift: Int

  /// Creates an augmentation; as it stands it changes nothing.
  ///
  /// - Parameters:
  ///   - horizontalFlip: Whether images are mirrored.
  ///   - verticalFlip: Whether images are turned over.
  ///   - shift: By how many pixels images are moved, at most: from 0, and less than their height and
  ///     width.
  public init(horizontalFlip: Bool = false, verticalFlip: Bool = false, shift: Int = 0) {
    self.horizontalFlip = horizontalFlip
    self.verticalFlip = verticalFlip
    self.shift = shift
  }

  /// Checks that images stay in their frame.
  ///
  /// - Parameter imageShape: Height, width and channels.
  /// - Throws: ``DatasetError`` if the shift is negative or reaches the height or the width.
  public func check(for imageShape: Shape) throws {
    let most = min(imageShape[0], imageShape[1]) - 1
    guard shift >= 0, shift <= most else {
      throw DatasetError(
        .mismatched, at: "augmentation",
        expected: "a shift from 0 to \(most) pixels for images of \(imageShape)",
        found: "\(shift)", advice: "choose a smaller shift, such as an eighth of the width")
    }
  }
}
