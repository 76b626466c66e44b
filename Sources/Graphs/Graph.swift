import Tensors

/// The steps of a network with their shapes: what a model is, apart from the values of its
/// variables.
///
/// Made by tracing; never changed.
///
/// Nodes are in the order in which they were traced, so every node comes after its inputs.
public final class Graph: Sendable {
  /// One step.
  package struct NodeRecord: Sendable {
    package let operation: any Operation
    /// The nodes whose results the operation takes.
    package let inputs: [Int]
    package let type: NodeType
    /// The layer that traced it.
    package let label: LayerLabel?

    package init(
      operation: any Operation, inputs: [Int], type: NodeType, label: LayerLabel?
    ) {
      self.operation = operation
      self.inputs = inputs
      self.type = type
      self.label = label
    }
  }

  /// A named node: an input or an output.
  public struct Endpoint: Sendable, Hashable {
    /// The name under which it is fed or returned.
    public let name: String
    /// The node.
    package let node: Int
    /// The node's type.
    public let type: NodeType

    package init(name: String, node: Int, type: NodeType) {
      self.name = name
      self.node = node
      self.type = type
    }
  }

  package let nodes: [NodeRecord]
  /// What is fed, in the order in which it was traced.
  public let inputs: [Endpoint]
  /// What is returned.
  public let outputs: [Endpoint]
  /// The variables, in the order in which they were traced.
  public let variables: [Variable]
  /// Where each variable lies in the flat buffer.
  package let layout: VariableLayout
  private let inputIndices: [Int: Int]

  package init(
    nodes: [NodeRecord], inputs: [Endpoint], outputs: [Endpoint], variables: [Variable]
  ) {
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
    self.variables = variables
    self.layout = VariableLayout(variables: variables, nodes: nodes)
    self.inputIndices = Dictionary(
      inputs.enumerated().map { ($0.element.node, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Which of the graph's inputs a node is; nil for other nodes.
  package func inputIndex(ofNode node: Int) -> Int? { inputIndices[node] }

  /// The graph without the nodes, inputs and variables that no output needs.
  package func pruned() -> Graph {
    var needed = Set(outputs.map(\.node))
    for index in nodes.indices.reversed() where needed.contains(index) {
      needed.formUnion(nodes[index].inputs)
    }
    guard needed.count < nodes.count else { return self }
    var numbers: [Int: Int] = [:]
    var kept: [NodeRecord] = []
    var keptVariables: [Variable] = []
    for (index, node) in nodes.enumerated() where needed.contains(index) {
      var operation = node.operation
      if let variable = node.variableIndex {
        operation = VariableOperation(index: keptVariables.count)
        keptVariables.append(variables[variable])
      }
      numbers[index] = kept.count
      kept.append(
        NodeRecord(
          operation: operation, inputs: node.inputs.compactMap { numbers[$0] }, type: node.type,
          label: node.label))
    }
    func renumbered(_ endpoints: [Endpoint]) -> [Endpoint] {
      endpoints.compactMap { endpoint in
        numbers[endpoint.node].map {
          Endpoint(name: endpoint.name, node: $0, type: endpoint.type)
        }
      }
    }
    return Graph(
      nodes: kept, inputs: renumbered(inputs), outputs: renumbered(outputs),
      variables: keptVariables)
  }

  /// Whether a value combines the examples of a batch, so that a batch must not be cut.
  package var mixesExamples: Bool {
    nodes.contains { node in
      !node.type.isBatched && node.inputs.contains { nodes[$0].type.isBatched }
    }
  }

  /// The number of trainable parameters.
  public var parameterCount: Int {
    variables.filter(\.isTrainable).reduce(0) { $0 + $1.shape.count }
  }
}

/// The places of a graph's variables in one flat buffer, which their gradients and the optimizer's
/// moments share.
///
/// Trainable variables come first, in the order in which a reverse sweep completes their gradients:
/// by first use, last first. So the gradients that are ready at any moment of the sweep are a
/// prefix of the buffer. Each variable starts at a multiple of 16 floats; what lies between is zero
/// and stays zero.
package struct VariableLayout: Sendable {
  /// The first float of each variable, by the variable's index.
  package let offsets: [Int]
  /// Floats that an optimizer may change.
  package let trainableCount: Int
  /// Floats in all.
  package let count: Int
  /// The indices of the variables in the order of their places.
  package let order: [Int]

  init(variables: [Variable], nodes: [Graph.NodeRecord]) {
    var firstUse = [Int](repeating: nodes.count, count: variables.count)
    var variableOfNode: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() {
      variableOfNode[index] = node.variableIndex
      for input in node.inputs {
        if let variable = variableOfNode[input] {
          firstUse[variable] = min(firstUse[variable], index)
        }
      }
    }
    let order = variables.indices.sorted {
      let (left, right) = (variables[$0], variables[$1])
      if left.isTrainable != right.isTrainable { return left.isTrainable }
      return firstUse[$0] != firstUse[$1] ? firstUse[$0] > firstUse[$1] : $0 < $1
    }
    var offsets = [Int](repeating: 0, count: variables.count)
    var next = 0
    var trainable = 0
    for index in order {
      offsets[index] = next
      next += (variables[index].shape.count + 15) / 16 * 16
      if variables[index].isTrainable { trainable = next }
    }
    self.offsets = offsets
    self.trainableCount = trainable
    self.count = next
    self.order = order
  }
}
