import Tensors

extension Dataset {
  /// Cuts the data set into a part to train on and a part that is held out.
  ///
  /// Random and yet fixed: `seed` alone decides which examples are held out. Where there are labels,
  /// every class gives the same share, as near as whole numbers allow (largest remainders, ties to
  /// the lower label). Both parts keep the data set's order.
  ///
  /// - Parameters:
  ///   - fraction: The share to hold out, between 0 and 1, rounded to whole examples.
  ///   - seed: Which of the possible splits.
  /// - Throws: ``DatasetError`` if the fraction is not between 0 and 1 or a part would be empty.
  public func split(holdingOut fraction: Double, seed: UInt64) throws -> (
    training: SubsetDataset, heldOut: SubsetDataset
  ) {
    guard fraction > 0, fraction < 1 else {
      throw DatasetError(
        .mismatched, at: "held-out fraction", expected: "a number between 0 and 1",
        found: "\(fraction)", advice: "hold out 0.1 or 0.2, for instance")
    }
    let total = Int((Double(count) * fraction).rounded())
    guard total > 0, total < count else {
      throw DatasetError(
        .mismatched, at: "held-out fraction",
        expected: "a share of \(counted(count, "example")) that leaves at least one in either part",
        found: "\(fraction), which holds out \(total)",
        advice: total == 0
          ? "hold out more, 0.1 for instance, or use more data" : "hold out less, or use more data")
    }
    var isHeldOut = [Bool](repeating: false, count: count)
    let groups = examplesByLabel()
    let shares = quotas(of: total, among: groups.map(\.examples.count))
    for (group, share) in zip(groups, shares) {
      var examples = group.examples
      var stream = RandomStream(
        seed: seed, purpose: .split, index: UInt64(bitPattern: Int64(group.label)))
      examples.withUnsafeMutableBufferPointer { shuffle($0, with: &stream) }
      for example in examples.prefix(share) { isHeldOut[example] = true }
    }
    return (
      try SubsetDataset(self, indices: (0..<count).filter { !isHeldOut[$0] }),
      try SubsetDataset(self, indices: (0..<count).filter { isHeldOut[$0] })
    )
  }

  /// The examples of every label, by label; all of them under one where there are no labels.
  private func examplesByLabel() -> [(label: Int32, examples: [Int])] {
    guard let labels else { return [(0, Array(0..<count))] }
    let groups = Dictionary(grouping: 0..<count) { labels[$0] }
    return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

/// Shares `total` among groups in proportion to their sizes, by largest remainders.
private func quotas(of total: Int, among sizes: [Int]) -> [Int] {
  let whole = sizes.reduce(0, +)
  let exact = sizes.map { (total * $0).quotientAndRemainder(dividingBy: whole) }
  var quotas = exact.map(\.quotient)
  let missing = total - quotas.reduce(0, +)
  let ranked = exact.indices.sorted {
    (exact[$1].remainder, $0) < (exact[$0].remainder, $1)
  }
  for group in ranked.prefix(missing) { quotas[group] += 1 }
  return quotas
}
