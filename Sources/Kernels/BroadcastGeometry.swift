internal import CKernels

/// How two operands are repeated to fill an output, by NumPy's rule: shapes are aligned at their
/// ends, and a dimension of 1, or one that is missing, is repeated.
///
/// Made once, from shapes; a value without references, so that a smaller batch costs nothing.
package struct BroadcastGeometry: Sendable {
  /// The highest rank of an output.
  package static let maximumRank = Int(NK_BROADCAST_RANK)

  var plan = nk_broadcast()
  /// Elements of the output per index of its leading dimension that are merged into the plan's
  /// first dimension.
  private var leadingFactor = 1
  private let plannedLeading: Int

  /// The shape of the output of two operands, or nil if they do not fit each other.
  package static func outputShape(left: [Int], right: [Int]) -> [Int]? {
    let rank = max(left.count, right.count)
    var shape: [Int] = []
    for d in 0..<rank {
      let l = d < rank - left.count ? 1 : left[d - (rank - left.count)]
      let r = d < rank - right.count ? 1 : right[d - (rank - right.count)]
      guard l == r || l == 1 || r == 1 else { return nil }
      shape.append(l == 1 ? r : l)
    }
    return shape
  }

  /// Creates the geometry of operands that fit the output, of rank 8 at most.
  package init(left: [Int], right: [Int], output: [Int]) {
    precondition(output.count <= Self.maximumRank)
    precondition(left.count <= output.count && right.count <= output.count)
    var dimensions: [(extent: Int, left: Bool, right: Bool)] = []
    for (d, extent) in output.enumerated() {
      let l = Self.keeps(left, d, extent, output.count)
      let r = Self.keeps(right, d, extent, output.count)
      if d > 0 && extent == 1 { continue }
      if let last = dimensions.last, last.left == l, last.right == r {
        dimensions[dimensions.count - 1].extent *= extent
        if dimensions.count == 1 { leadingFactor *= extent }
      } else {
        dimensions.append((extent, l, r))
      }
    }
    if dimensions.isEmpty { dimensions = [(1, !left.isEmpty, !right.isEmpty)] }
    plannedLeading = output.first ?? 1

    var extents = [Int](repeating: 1, count: Self.maximumRank)
    var lefts = [Int](repeating: 0, count: Self.maximumRank)
    var rights = lefts
    var (leftCount, rightCount) = (1, 1)
    for (d, dimension) in dimensions.enumerated().reversed() {
      extents[d] = dimension.extent
      if dimension.left {
        lefts[d] = leftCount
        leftCount *= dimension.extent
      }
      if dimension.right {
        rights[d] = rightCount
        rightCount *= dimension.extent
      }
    }
    plan.rank = Int32(dimensions.count)
    withUnsafeMutableBytes(of: &plan.extent) { $0.copyBytes(from: extents.bytes) }
    withUnsafeMutableBytes(of: &plan.left) { $0.copyBytes(from: lefts.bytes) }
    withUnsafeMutableBytes(of: &plan.right) { $0.copyBytes(from: rights.bytes) }
  }

  /// Whether an operand runs along dimension `d` of the output rather than being repeated.
  private static func keeps(_ shape: [Int], _ d: Int, _ extent: Int, _ rank: Int) -> Bool {
    let own = d - (rank - shape.count)
    if own < 0 { return false }
    precondition(shape[own] == extent || shape[own] == 1, "operand does not fit the output")
    return shape[own] == extent
  }

  /// The same with a leading dimension of the output, and of the operands that are not repeated
  /// along it, of `leading` instead of the planned one, which is at least as large.
  package func with(leading: Int) -> BroadcastGeometry {
    precondition(leading >= 0 && leading <= plannedLeading)
    var smaller = self
    smaller.plan.extent.0 = leading * leadingFactor
    return smaller
  }

  /// Elements of the output.
  package var outputCount: Int { count { _ in true } }
  /// Elements of the left operand.
  package var leftCount: Int { count { plan.leftStride($0) != 0 } }
  /// Elements of the right operand.
  package var rightCount: Int { count { plan.rightStride($0) != 0 } }

  private func count(where counts: (Int) -> Bool) -> Int {
    var product = 1
    for d in 0..<Int(plan.rank) where counts(d) { product *= plan.extentOf(d) }
    return product
  }
}

extension nk_broadcast {
  func extentOf(_ d: Int) -> Int {
    withUnsafeBytes(of: extent) { $0.load(fromByteOffset: d * 8, as: Int.self) }
  }
  func leftStride(_ d: Int) -> Int {
    withUnsafeBytes(of: left) { $0.load(fromByteOffset: d * 8, as: Int.self) }
  }
  func rightStride(_ d: Int) -> Int {
    withUnsafeBytes(of: right) { $0.load(fromByteOffset: d * 8, as: Int.self) }
  }
}

extension [Int] {
  /// The bytes, to fill a C array from.
  fileprivate var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}
