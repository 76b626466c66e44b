/// A step of a graph as a plan runs it: after operations that can run as one were joined.
package struct PlannedNode: Sendable {
  /// The node of the graph whose value this step gives.
  package var id: Int
  /// The first of the nodes that were joined.
  package var firstID: Int
  package var operation: any Operation
  package var inputs: [Int]
  package var inputTypes: [NodeType]
  package var type: NodeType
  package var label: LayerLabel?
}

/// Joins operations that run better as one: a product or a convolution with its bias, its activation
/// and the maxima that follow, in inference with the normalisation of its result, and the first of a network
/// with the scaling of what the network is fed.
enum Fusion {
  /// The steps that the wanted nodes need, in order, joined where an operation says that it can
  /// take in its only consumer.
  ///
  /// - Parameters:
  ///   - wanted: Nodes whose own values must exist.
  ///   - isInference: Whether nothing goes backward and no statistics are taken.
  ///   - rewrites: What may be joined.
  static func plannedNodes(
    of graph: Graph, wanted: Set<Int>, isInference: Bool, rewrites: Set<Rewrite>
  ) -> [PlannedNode] {
    var needed = wanted
    for index in graph.nodes.indices.reversed() where needed.contains(index) {
      needed.formUnion(graph.nodes[index].inputs)
    }
    var useCount = [Int](repeating: 0, count: graph.nodes.count)
    for index in graph.nodes.indices where needed.contains(index) {
      for input in graph.nodes[index].inputs { useCount[input] += 1 }
    }
    var planned: [Int: PlannedNode] = [:]
    for index in graph.nodes.indices where needed.contains(index) {
      let record = graph.nodes[index]
      var node = PlannedNode(
        id: index, firstID: index, operation: record.operation, inputs: record.inputs,
        inputTypes: record.inputs.map { graph.nodes[$0].type }, type: record.type,
        label: record.label)
      for (slot, input) in record.inputs.enumerated()
      where useCount[input] == 1 && !wanted.contains(input) {
        if slot == 0, rewrites.contains(.inputScale), let producer = planned[input],
          let scale = producer.operation as? ScaleOperation, let fed = producer.inputs.first,
          graph.inputs.contains(where: { $0.node == fed }),
          let scaled = node.operation.scalingInput(by: scale, isInference: isInference)
        {
          node.operation = scaled
          node.inputs[0] = fed
          planned[input] = nil
          break
        }
        guard let producer = planned[input],
          rewrites.contains(Self.rewrite(joining: node, slot: slot)),
          let fused = producer.operation.fused(
            with: node.operation, slot: slot, operands: node.inputTypes, output: producer.type,
            isInference: isInference)
        else { continue }
        var others = node
        others.inputs.remove(at: slot)
        others.inputTypes.remove(at: slot)
        node.operation = fused
        node.firstID = producer.firstID
        node.inputs = producer.inputs + others.inputs
        node.inputTypes = producer.inputTypes + others.inputTypes
        node.label = producer.label ?? node.label
        planned[input] = nil
        break
      }
      planned[index] = node
    }
    return planned.values.sorted { $0.id < $1.id }
  }

  /// Which rewrite joins a node with what makes its input `slot`.
  private static func rewrite(joining node: PlannedNode, slot: Int) -> Rewrite {
    switch node.operation {
    case is UnaryOperation: .activation
    case is PoolingOperation: .maximum
    case is BatchNormalizationOperation: .normalization
    case is ReshapeOperation: .inputScale
    default: node.inputTypes.count == 2 && node.inputTypes[1 - slot].rank == 1 ? .bias : .sum
    }
  }
}
