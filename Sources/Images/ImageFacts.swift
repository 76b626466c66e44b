import Datasets
public import Tensors

/// What images are as they lie on the disk: sizes, colours and formats.
public struct ImageFacts: Hashable, Sendable {
  /// A height and a width, and how many images have them.
  public struct Size: Hashable, Sendable {
    /// Rows.
    public let height: Int
    /// Pixels in a row.
    public let width: Int
    /// How many images have this size.
    public let count: Int
  }

  /// The sizes, upright, the most frequent first.
  public let sizes: [Size]
  /// How many images are grey; the others are in colour.
  public let greyCount: Int
  /// How many images there are.
  public let count: Int
  /// How many images each format has, by its name.
  public let formats: [String: Int]

  init(_ headers: [ImageHeader]) {
    var sizes: [[Int]: Int] = [:]
    var formats: [String: Int] = [:]
    for header in headers {
      sizes[[header.height, header.width], default: 0] += 1
      formats[header.format.name, default: 0] += 1
    }
    self.sizes = Self.ordered(sizes)
    self.formats = formats
    greyCount = headers.count { $0.channels == 1 }
    count = headers.count
  }

  /// The facts of several parts together.
  init(merging facts: [ImageFacts]) {
    var sizes: [[Int]: Int] = [:]
    for size in facts.flatMap(\.sizes) {
      sizes[[size.height, size.width], default: 0] += size.count
    }
    self.sizes = Self.ordered(sizes)
    formats = facts.reduce(into: [:]) { $0.merge($1.formats, uniquingKeysWith: +) }
    greyCount = facts.reduce(0) { $0 + $1.greyCount }
    count = facts.reduce(0) { $0 + $1.count }
  }

  private static func ordered(_ sizes: [[Int]: Int]) -> [Size] {
    sizes.map { Size(height: $0.key[0], width: $0.key[1], count: $0.value) }
      .sorted { ($1.count, $0.height, $0.width) < ($0.count, $1.height, $1.width) }
  }

  /// 3 if any image is in colour, else 1.
  public var channels: Int { greyCount == count ? 1 : 3 }

  /// The largest side that is kept as it is where nothing else is asked for.
  public static let largestKeptSide = 96

  /// The shape to bring the images to where none is asked for: height, width, channels.
  ///
  /// - If at least half of the images have one size of at most 96 pixels a side, that size.
  /// - Else, if a network of a certain size is named, its size.
  /// - Else 32×32, if half of the images are smaller than 48 pixels (the shorter side), or 64×64.
  ///
  /// - Parameter preferred: The height and width that a network is made for.
  public func standardShape(preferred: (height: Int, width: Int)? = nil) -> Shape {
    if let most = sizes.first, 2 * most.count >= count,
      max(most.height, most.width) <= Self.largestKeptSide
    {
      return [most.height, most.width, channels]
    }
    if let preferred { return [preferred.height, preferred.width, channels] }
    let small = sizes.filter { min($0.height, $0.width) < 48 }.reduce(0) { $0 + $1.count }
    let side = 2 * small >= count ? 32 : 64
    return [side, side, channels]
  }
}

extension ImageFacts: CustomStringConvertible {
  /// `16×16 in colour, PNG`, `12×9 to 4000×3000 (31 sizes), 3 of 60 grey, JPEG and PNG`.
  public var description: String {
    guard let first = sizes.first else { return "none" }
    var text = "\(first.height)×\(first.width)"
    if sizes.count > 1 {
      let ordered = sizes.sorted { $0.height * $0.width < $1.height * $1.width }
      text =
        "\(ordered[0].height)×\(ordered[0].width) to "
        + "\(ordered[ordered.count - 1].height)×\(ordered[ordered.count - 1].width) "
        + "(\(sizes.count) sizes)"
    }
    text +=
      greyCount == 0
      ? " in colour" : greyCount == count ? " in grey" : ", \(greyCount) of \(count) grey"
    let names = formats.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    return text + ", " + names.joined(separator: " and ")
  }
}
