extension Graph {
  /// What the first step of an input does to its numbers, `x · scale + offset`, where it is such a step
  /// and the only one that takes them; nil otherwise.
  ///
  /// One factor and one summand, or one of each for every channel: on what scale the numbers are that
  /// the network was made for.
  package func inputScale(of input: Endpoint) -> (scale: [Float], offset: [Float])? {
    var current = input.node
    while true {
      let consumers = nodes.indices.filter { nodes[$0].inputs.contains(current) }
      guard consumers.count == 1 else { return nil }
      switch nodes[consumers[0]].operation {
      case let operation as ScaleOperation: return (operation.scale, operation.offset)
      // In another shape the numbers are the same.
      case is ReshapeOperation: current = consumers[0]
      default: return nil
      }
    }
  }
}
