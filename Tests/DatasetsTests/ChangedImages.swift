import Datasets
import Tensors

/// What a plain reimplementation expects of an augmentation.
struct ImageChange: Hashable {
  var mirrors = false
  var turns = false
  var down = 0
  var right = 0

  init(mirrors: Bool, turns: Bool, down: Int, right: Int) {
    (self.mirrors, self.turns, self.down, self.right) = (mirrors, turns, down, right)
  }

  /// Draws the change of an image from the numbers of its epoch, one after the other.
  init(_ augmentation: Augmentation, seed: UInt64, epoch: Int, index: Int) {
    var stream = RandomStream(seed: seed, purpose: .augmentation, index: UInt64(epoch))
    for _ in 0..<2 * index { _ = stream.next() }
    let (first, second) = (stream.next(), stream.next())
    func shift(_ bits: UInt64) -> Int {
      let places = UInt64(2 * augmentation.shift + 1)
      return Int(bits.multipliedFullWidth(by: places).high) - augmentation.shift
    }
    mirrors = augmentation.horizontalFlip && first % 2 == 1
    turns = augmentation.verticalFlip && first / 2 % 2 == 1
    (down, right) = (shift(first), shift(second))
  }

  /// The changed image, pixel by pixel.
  func callAsFunction(_ image: [Float], _ shape: Shape) -> [Float] {
    let (height, width, channels) = (shape[0], shape[1], shape[2])
    var result = [Float](repeating: 0, count: image.count)
    for row in 0..<height {
      for column in 0..<width {
        var (fromRow, fromColumn) = (row - down, column - right)
        guard (0..<height).contains(fromRow), (0..<width).contains(fromColumn) else { continue }
        if turns { fromRow = height - 1 - fromRow }
        if mirrors { fromColumn = width - 1 - fromColumn }
        for channel in 0..<channels {
          result[(row * width + column) * channels + channel] =
            image[(fromRow * width + fromColumn) * channels + channel]
        }
      }
    }
    return result
  }
}

/// Images whose pixels all differ; the label of each is its index.
struct NumberedImages {
  let shape: Shape
  let count: Int

  func image(_ index: Int) -> [Float] {
    (0..<shape.count).map { Float(1 + index * shape.count + $0) }
  }

  func dataset() throws -> InMemoryDataset {
    try InMemoryDataset(
      inputs: Tensor(shape: Shape([count] + shape.dimensions), (0..<count).flatMap(image)),
      labels: (0..<count).map(Int32.init))
  }

  /// The images as an epoch should have them.
  func changed(_ augmentation: Augmentation, seed: UInt64, epoch: Int) -> [[Float]] {
    (0..<count).map {
      ImageChange(augmentation, seed: seed, epoch: epoch, index: $0)(image($0), shape)
    }
  }
}

extension Batches {
  /// The images of the rest of the epoch, by label.
  func imagesByLabel() throws -> [Int32: [Float]] {
    var images: [Int32: [Float]] = [:]
    while let batch = try next() {
      let size = batch.fields[0].exampleShape.count
      for place in 0..<batch.count {
        images[batch.integers(1)[place]] = (0..<size).map { batch.floats(0)[place * size + $0] }
      }
    }
    return images
  }
}
