internal import CKernels

/// Where the elements of two arrays that correspond lie: a permutation of axes, a part of an array,
/// or a frame around one.
///
/// Made once, from shapes; a value without references, so that a smaller batch costs nothing.
package struct CopyGeometry: Sendable {
  /// The highest rank.
  package static let maximumRank = Int(NK_COPY_RANK)

  var plan = nk_strided()
  /// Where the first element lies in the source and in the target.
  private(set) var sourceOffset = 0
  private(set) var targetOffset = 0
  /// The plan's dimension that the leading one is merged into, if it may shrink.
  private var leadingDimension: Int?
  private var leadingFactor = 1

  /// Target axis d is source axis `axes[d]`: NumPy's transpose.
  package init(permuting shape: [Int], axes: [Int]) {
    precondition(axes.sorted() == Array(shape.indices), "not a permutation")
    let strides = Self.rowMajorStrides(shape)
    let extents = axes.map { shape[$0] }
    self.init(
      extents: extents, source: axes.map { strides[$0] }, target: Self.rowMajorStrides(extents),
      leadingIsFirst: axes.first == 0)
  }

  /// The last two axes change places.
  package init(transposingLastTwoAxesOf shape: [Int]) {
    precondition(shape.count >= 2)
    var axes = Array(shape.indices)
    axes.swapAt(shape.count - 2, shape.count - 1)
    self.init(permuting: shape, axes: axes)
  }

  /// The target is the part of the source that begins at `start` and has the shape `extents`.
  package init(slicing shape: [Int], start: [Int], extents: [Int]) {
    precondition(start.count == shape.count && extents.count == shape.count)
    for (d, extent) in extents.enumerated() {
      precondition(start[d] >= 0 && extent >= 0 && start[d] + extent <= shape[d])
    }
    let strides = Self.rowMajorStrides(shape)
    self.init(
      extents: extents, source: strides, target: Self.rowMajorStrides(extents),
      leadingIsFirst: true)
    sourceOffset = zip(start, strides).map { $0 * $1 }.reduce(0, +)
  }

  /// The source is the part of the target that `before` and `after` leave free on every axis.
  package init(padding shape: [Int], before: [Int], after: [Int]) {
    precondition(before.count == shape.count && after.count == shape.count)
    let outer = shape.indices.map { shape[$0] + before[$0] + after[$0] }
    self.init(slicing: outer, start: before, extents: shape)
    self = reversed
  }

  private init(extents: [Int], source: [Int], target: [Int], leadingIsFirst: Bool) {
    precondition(extents.count <= Self.maximumRank)
    struct Dimension {
      var extent, source, target: Int
      var factor = 1
      var isLeading: Bool
    }
    var dimensions: [Dimension] = []
    for d in extents.indices {
      let isLeading = d == 0 && leadingIsFirst
      if extents[d] == 1 && !isLeading { continue }
      if let last = dimensions.last, last.source == source[d] * extents[d],
        last.target == target[d] * extents[d]
      {
        dimensions[dimensions.count - 1].extent *= extents[d]
        dimensions[dimensions.count - 1].factor *= extents[d]
        dimensions[dimensions.count - 1].source = source[d]
        dimensions[dimensions.count - 1].target = target[d]
      } else {
        dimensions.append(
          Dimension(
            extent: extents[d], source: source[d], target: target[d], isLeading: isLeading))
      }
    }
    if dimensions.isEmpty {
      dimensions = [Dimension(extent: 1, source: 1, target: 1, isLeading: false)]
    }
    // A transposition is fast where the source's dense axis comes before the target's.
    if dimensions.count > 2, dimensions[dimensions.count - 1].source != 1,
      let dense = dimensions.firstIndex(where: { $0.source == 1 })
    {
      let moved = dimensions.remove(at: dense)
      dimensions.insert(moved, at: dimensions.count - 1)
    }
    plan.rank = Int32(dimensions.count)
    for (d, dimension) in dimensions.enumerated() {
      plan.set(d, dimension.extent, dimension.source, dimension.target)
      if dimension.isLeading {
        leadingDimension = d
        leadingFactor = dimension.factor
      }
    }
  }

  /// The copy in the other direction: the gradient of this one.
  package var reversed: CopyGeometry {
    var other = self
    (other.plan.source, other.plan.target) = (plan.target, plan.source)
    (other.sourceOffset, other.targetOffset) = (targetOffset, sourceOffset)
    return other
  }

  /// The same with a leading dimension of both arrays of `leading`, not above the planned one.
  ///
  /// The leading axis must be the first in both, and neither sliced nor padded.
  package func with(leading: Int) -> CopyGeometry {
    guard let leadingDimension else { preconditionFailure("the leading axis is not the first") }
    var smaller = self
    smaller.plan.setExtent(leadingDimension, leading * leadingFactor)
    return smaller
  }

  /// How many elements are copied.
  package var count: Int {
    var product = 1
    for d in 0..<Int(plan.rank) { product *= plan.extentOf(d) }
    return product
  }

  private static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for d in shape.indices.reversed() {
      strides[d] = stride
      stride *= shape[d]
    }
    return strides
  }
}

extension nk_strided {
  func extentOf(_ d: Int) -> Int {
    withUnsafeBytes(of: extent) { $0.load(fromByteOffset: d * 8, as: Int.self) }
  }
  mutating func setExtent(_ d: Int, _ value: Int) {
    withUnsafeMutableBytes(of: &extent) {
      $0.storeBytes(of: value, toByteOffset: d * 8, as: Int.self)
    }
  }
  mutating func set(_ d: Int, _ extent: Int, _ source: Int, _ target: Int) {
    setExtent(d, extent)
    withUnsafeMutableBytes(of: &self.source) {
      $0.storeBytes(of: source, toByteOffset: d * 8, as: Int.self)
    }
    withUnsafeMutableBytes(of: &self.target) {
      $0.storeBytes(of: target, toByteOffset: d * 8, as: Int.self)
    }
  }
}
