/// A step of a graph as a plan runs it: after operations that can run as one were joined.
package struct PlannedNode: Sendable {
  /// The node of the graph whose value this step gives.
  package var id: Int
  /// The first of the nodes that were joined.
  package var firstID: Int
  /// The operation of the node whose value this step gives.
  package var operation: any Operation
  /// What computes it, and all that was joined with it.
  package var kernel: any PlannedKernel
  package var inputs: [Int]
  package var inputTypes: [NodeType]
  package var type: NodeType
  package var label: LayerLabel?

  /// A step that makes this one's result and then what `consumer`, its only reader, makes of it.
  ///
  /// Its inputs are this one's, then the others of `consumer`.
  ///
  /// - Parameters:
  ///   - kernel: What computes both.
  ///   - slot: Which input of `consumer` this one's result is.
  func joined(with consumer: PlannedNode, at slot: Int, as kernel: any PlannedKernel) -> PlannedNode
  {
    var result = consumer
    result.kernel = kernel
    result.firstID = firstID
    result.inputs.remove(at: slot)
    result.inputTypes.remove(at: slot)
    result.inputs = inputs + result.inputs
    result.inputTypes = inputTypes + result.inputTypes
    result.label = label ?? consumer.label
    return result
  }
}

/// A rule by which two steps, one of which alone reads the other's result, run as one.
///
/// One rule is one file, with one line in ``Rewriter``.
protocol RewriteRule {
  /// The rewrite that the rule is about.
  static var rewrite: Rewrite { get }

  /// The step that is both; nil where the rule does not apply.
  ///
  /// - Parameters:
  ///   - slot: Which input of `consumer` is the result of `producer`.
  static func join(
    _ producer: PlannedNode, _ consumer: PlannedNode, at slot: Int, _ setting: RewriteSetting
  ) -> PlannedNode?
}

/// What rules are applied in.
struct RewriteSetting {
  let graph: Graph
  /// Whether nothing goes backward and no statistics are taken.
  let isInference: Bool
}

/// Joins operations that run better as one.
enum Rewriter {
  private static let rules: [any RewriteRule.Type] = [
    InputScaleRewrite.self,
    SumRewrite.self,
    MaximumRewrite.self,
    NormalizationRewrite.self,
    ActivationRewrite.self,
    BiasRewrite.self,
  ]

  /// The steps that the wanted nodes need, in order, joined where a rule says so.
  ///
  /// - Parameters:
  ///   - wanted: Nodes whose own values must exist.
  ///   - isInference: Whether nothing goes backward and no statistics are taken.
  ///   - rewrites: What may be joined.
  static func plannedNodes(
    of graph: Graph, wanted: Set<Int>, isInference: Bool,
    rewrites: Set<Rewrite> = Set(Rewrite.allCases)
  ) -> [PlannedNode] {
    var needed = wanted
    for index in graph.nodes.indices.reversed() where needed.contains(index) {
      needed.formUnion(graph.nodes[index].inputs)
    }
    var useCount = [Int](repeating: 0, count: graph.nodes.count)
    for index in graph.nodes.indices where needed.contains(index) {
      for input in graph.nodes[index].inputs { useCount[input] += 1 }
    }
    let setting = RewriteSetting(graph: graph, isInference: isInference)
    let rules = rules.filter { rewrites.contains($0.rewrite) }
    var planned: [Int: PlannedNode] = [:]
    for index in graph.nodes.indices where needed.contains(index) {
      let record = graph.nodes[index]
      var node = PlannedNode(
        id: index, firstID: index, operation: record.operation, kernel: record.operation.kernel,
        inputs: record.inputs, inputTypes: record.inputs.map { graph.nodes[$0].type },
        type: record.type, label: record.label)
      for (slot, input) in record.inputs.enumerated()
      where useCount[input] == 1 && !wanted.contains(input) {
        guard let producer = planned[input],
          let joined = rules.lazy.compactMap({ $0.join(producer, node, at: slot, setting) }).first
        else { continue }
        node = joined
        planned[input] = nil
        break
      }
      planned[index] = node
    }
    return planned.values.sorted { $0.id < $1.id }
  }
}
