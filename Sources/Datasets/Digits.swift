import Tensors

/// The handwritten digits of UCI: 1,797 grey images of 8 × 8, values 0 to 16, in ten classes.
///
/// They are part of the library: no file is read.
///
///     let digits = try Digits.load()
///     digits.training.count  // 1442
///
/// Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
/// Learning Repository, 1998 (CC BY 4.0), as scikit-learn ships it.
public enum Digits {
  /// The names of the classes: `"0"` to `"9"`.
  public static let classNames = (0...9).map(String.init)

  /// The images to train on and the images to test on, in the source's order.
  ///
  /// The test part is every fifth image of each class: the 5th, the 10th and so on in the source's
  /// order. No generator is involved, so that other programs can make the same cut. (Images of one
  /// writer lie next to each other and are found in both parts, as in a random split.)
  ///
  /// - Throws: never in practice; the signature is that of other sources.
  public static func load() throws -> (training: ByteImageDataset, test: ByteImageDataset) {
    let all = decoded()
    var seen = [Int](repeating: 0, count: classNames.count)
    var training: [Int] = []
    var test: [Int] = []
    for (index, label) in all.labels.enumerated() {
      seen[Int(label)] += 1
      if seen[Int(label)] % 5 == 0 { test.append(index) } else { training.append(index) }
    }
    return (try part(training, of: all), try part(test, of: all))
  }

  /// All 1,797 images in the source's order.
  ///
  /// - Throws: never in practice; the signature is that of other sources.
  public static func loadAll() throws -> ByteImageDataset {
    let all = decoded()
    return try part(Array(all.labels.indices), of: all)
  }

  private static let pixelCount = 64

  private static func part(_ indices: [Int], of all: (pixels: [UInt8], labels: [Int32])) throws
    -> ByteImageDataset
  {
    try ByteImageDataset(
      pixels: indices.flatMap { all.pixels[$0 * pixelCount..<($0 + 1) * pixelCount] },
      imageShape: [8, 8, 1], labels: indices.map { all.labels[$0] }, classNames: classNames)
  }

  /// Reads ``text``.
  private static func decoded() -> (pixels: [UInt8], labels: [Int32]) {
    var pixels: [UInt8] = []
    var labels: [Int32] = []
    text.withUTF8Buffer { characters in
      pixels.reserveCapacity(characters.count)
      for (position, character) in characters.enumerated() {
        let value = character >= UInt8(ascii: "A") ? character - 55 : character &- 48
        switch position % (pixelCount + 2) {
        case 0..<pixelCount: pixels.append(value)
        case pixelCount: labels.append(Int32(value))
        default: break  // The end of the line.
        }
      }
    }
    return (pixels, labels)
  }
}
