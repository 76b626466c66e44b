/// The fixed order in which partial sums of chunks are added.
///
/// A binary tree over the chunk index: with strides 1, 2, 4, … the sum of chunk `i + stride` is
/// added to that of chunk `i`, for every `i` that is a multiple of twice the stride. The total is
/// then at chunk 0. The order follows from the number of chunks only, so the total has the same
/// bits on any number of threads; and the error grows with the logarithm of that number.
package enum ReductionTree {
  /// Calls `add` for each pair, in an order in which every sum is complete before it is used.
  ///
  /// Elements are independent: a parallel sum of arrays cuts the elements into chunks and walks the
  /// whole tree in each.
  @inlinable
  package static func forEachPair(
    count: Int, add: (_ target: Int, _ source: Int) -> Void
  ) {
    var stride = 1
    while stride < count {
      var target = 0
      while target + stride < count {
        add(target, target + stride)
        target += 2 * stride
      }
      stride *= 2
    }
  }
}
