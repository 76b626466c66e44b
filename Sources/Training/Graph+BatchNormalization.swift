import Graphs

extension Graph {
  /// What the user should know of batch normalisation in a training with these batches.
  ///
  /// - Parameters:
  ///   - batchSize: Examples in a batch, as asked for.
  ///   - exampleCount: Examples in an epoch.
  /// - Returns: One text or none: on single examples, of which there are no statistics of a batch.
  func normalizationWarnings(batchSize: Int, exampleCount: Int) -> [String] {
    let layers = nodes.compactMap { node -> (name: String, valueCount: Int)? in
      guard node.operation is BatchNormalizationOperation, let input = node.inputs.first,
        let count = BatchNormalizationOperation.valuesPerExample(of: nodes[input].type)
      else { return nil }
      return (node.label.map(\.description) ?? "batch normalisation", count)
    }
    let blind = layers.first { $0.valueCount == 1 }
    let whole = min(batchSize, exampleCount)
    if whole == 1, let blind {
      return [
        "With batches of 1 example, \(blind.name), gives the same for every example in training: "
          + "nothing is learned through it. Choose larger batches."
      ]
    }
    if whole == 1, let first = layers.first {
      return [
        "With batches of 1 example, \(first.name), normalises each example by itself, and its running "
          + "statistics are those of single examples: predictions may be much worse than the "
          + "training. Choose larger batches."
      ]
    }
    guard whole > 1, exampleCount % whole == 1, let blind else { return [] }
    let sizes = (1...whole).flatMap { [whole - $0, whole + $0] }
    let advice = sizes.first { $0 > 1 && exampleCount % $0 != 1 }
    return [
      "The last batch of each epoch has 1 example, for which \(blind.name), gives the same as for any "
        + "other: nothing is learned through it in that step, and its statistics leave the example "
        + "out." + (advice.map { " Batches of \($0) leave no single example." } ?? "")
    ]
  }
}
