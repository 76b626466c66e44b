public import Tensors

/// Records a graph while a network is traced.
///
/// A network written as layers never sees the builder; a bare graph starts from one:
///
///     let builder = GraphBuilder()
///     let x = builder.placeholder("x", [.batch, 1])
///     let w = builder.variable("w", shape: [1, 1], initializer: .zeros)
///     let y = matmul(x, w)
///
/// Mistakes of shape are collected, not thrown: a wrong step gets an unknown type under which the
/// steps behind it are not judged, and `Model` throws all problems at once.
public final class GraphBuilder {
  package private(set) var nodes: [Graph.NodeRecord] = []
  package private(set) var variables: [Variable] = []
  package private(set) var inputs: [Graph.Endpoint] = []
  /// Problems of shape found so far.
  package private(set) var problems: [String] = []
  /// Nodes whose type is unknown because something before them is wrong.
  private var unknown: Set<Int> = []
  private var variableNodes: [String: Int] = [:]
  private var names: Set<String> = []
  private var scopes: [LayerLabel] = []
  private var labels: [LayerIdentity: LayerLabel] = [:]

  /// Creates a builder of an empty graph.
  public init() {}

  /// Creates a builder that adds to a graph: the numbers of its nodes and variables stay valid.
  package init(extending graph: Graph) {
    nodes = graph.nodes
    variables = graph.variables
    inputs = graph.inputs
    names = Set(graph.variables.map(\.name) + graph.inputs.map(\.name))
  }

  /// Adds an input that each run feeds.
  ///
  /// - Parameters:
  ///   - name: The name under which it is fed.
  ///   - dimensions: The extents; only the first may be a symbol.
  ///   - elementType: What the elements are.
  public func placeholder(
    _ name: String, _ dimensions: [Dimension], elementType: ElementType = .float32
  ) -> Node {
    let type = NodeType(dimensions, elementType: elementType)
    let operation = PlaceholderOperation(name: name, type: type)
    if dimensions.dropFirst().contains(where: { $0.fixedValue == nil }) {
      report("Input '\(name)' has the shape \(type); only the first extent may be a symbol.")
      return poisoned(operation, [])
    }
    guard isUsable(type.fixedShape, of: "Input '\(name)'"), isFree(name) else {
      return poisoned(operation, [])
    }
    let node = append(operation, inputs: [], type: type)
    inputs.append(Graph.Endpoint(name: name, node: node.index, type: type))
    return node
  }

  /// Adds a variable.
  ///
  /// - Parameters:
  ///   - name: The name in model files, unique in the graph.
  ///   - shape: The extents.
  ///   - initializer: How the first values are drawn.
  ///   - fan: The connections that the initializer counts; by default the first and the last
  ///     extent.
  ///   - isTrainable: Whether an optimizer may change it.
  public func variable(
    _ name: String, shape: Shape, initializer: Initializer = .glorotUniform,
    fan: Variable.Fan? = nil, isTrainable: Bool = true
  ) -> Node {
    let type = NodeType(shape)
    guard isUsable(shape, of: "Variable '\(name)'"), isFree(name) else {
      return poisoned(PlaceholderOperation(name: name, type: type), [])
    }
    let fan = fan ?? Variable.Fan(in: shape.dimensions.first ?? 1, out: shape.dimensions.last ?? 1)
    variables.append(
      Variable(
        name: name, shape: shape, initializer: initializer, fan: fan, isTrainable: isTrainable))
    return append(VariableOperation(index: variables.count - 1), inputs: [], type: type)
  }

  /// A constant scalar.
  public func constant(_ value: Float) -> Node {
    append(ConstantOperation(value: value), inputs: [], type: NodeType([]))
  }

  /// Adds an operation after its shape rule.
  package func add(_ operation: any Operation, _ inputs: [Node]) -> Node {
    precondition(
      inputs.allSatisfy { $0.builder === self },
      "A node was used in a graph other than the one it was traced in.")
    precondition(
      type(of: operation).inputCounts.contains(inputs.count),
      "'\(operation.kind)' does not take \(inputs.count) inputs.")
    let indices = inputs.map(\.index)
    guard !indices.contains(where: unknown.contains) else { return poisoned(operation, indices) }
    do {
      try expectStatistics(operation, inputs: indices)
      let type = try operation.outputType(of: inputs.map(\.type))
      try type.expectLeadingSymbol()
      try type.expectAddressable()
      return append(operation, inputs: indices, type: type)
    } catch let violation as ShapeRuleViolation {
      report(violation.reason, subject: operation.kind)
    } catch {
      report("cannot be built: \(error)", subject: operation.kind)
    }
    return poisoned(operation, indices)
  }

  /// The node at an index.
  package func node(at index: Int) -> Node {
    Node(builder: self, index: index, type: nodes[index].type)
  }

  private func isUsable(_ shape: Shape, of subject: String) -> Bool {
    if let extent = shape.dimensions.first(where: { $0 < 1 }) {
      report("\(subject) has the shape \(shape); every extent must be at least 1, not \(extent).")
      return false
    }
    guard let count = shape.checkedCount, count <= NodeType.mostElements else {
      report(
        "\(subject) has the shape \(shape); it may have at most \(NodeType.mostElements) elements.")
      return false
    }
    return true
  }

  private func isFree(_ name: String) -> Bool {
    if names.insert(name).inserted { return true }
    report("The name '\(name)' is taken; name each input and variable differently.")
    return false
  }

  /// Throws unless what the operation updates in training is a variable that no optimizer changes.
  private func expectStatistics(_ operation: any Operation, inputs: [Int]) throws {
    for slot in type(of: operation).updatedInputs {
      let source = nodes[inputs[slot]].operation as? VariableOperation
      guard let source, !variables[source.index].isTrainable else {
        throw ShapeRuleViolation(
          "expects variables that are not trainable for the statistics that it updates (make them "
            + "with isTrainable: false).")
      }
    }
  }

  /// Whether the type of a node is unknown because something before it is wrong.
  package func isUnknown(_ node: Node) -> Bool { unknown.contains(node.index) }

  /// Records what is wrong with the layer being traced: a sentence without its subject.
  package func report(_ reason: String, subject: String) {
    if let scope = scopes.last {
      report("\(scope.sentenceStart) \(reason)")
    } else {
      report("'\(subject)' \(reason)")
    }
  }

  /// A node that stands for the result of a step that cannot be built.
  package func unknownNode(like node: Node) -> Node {
    poisoned(PlaceholderOperation(name: "", type: node.type), [])
  }

  private func report(_ problem: String) { problems.append(problem) }

  private func poisoned(_ operation: any Operation, _ inputs: [Int]) -> Node {
    let node = append(operation, inputs: inputs, type: NodeType([]))
    unknown.insert(node.index)
    return node
  }

  private func append(_ operation: any Operation, inputs: [Int], type: NodeType) -> Node {
    nodes.append(
      Graph.NodeRecord(operation: operation, inputs: inputs, type: type, label: scopes.last))
    return Node(builder: self, index: nodes.count - 1, type: type)
  }
}

// MARK: - Layers

extension GraphBuilder {
  /// Names the layers of a network before it is traced.
  package func setLabels(_ labels: [LayerIdentity: LayerLabel]) {
    self.labels.merge(labels) { first, _ in first }
  }

  /// Runs `body` as the layer with the given identity: its steps bear the layer's label, and its
  /// variables the layer's path.
  package func scope<Result>(
    _ identity: LayerIdentity, kind: @autoclosure () -> String, _ body: (LayerLabel) -> Result
  ) -> Result {
    let label = label(of: identity, kind: kind())
    scopes.append(label)
    defer { scopes.removeLast() }
    return body(label)
  }

  private func label(of identity: LayerIdentity, kind: String) -> LayerLabel {
    if let label = labels[identity] { return label }
    // A layer made while tracing: named by its type and the order in which it is met.
    let stem = identity.name ?? kind.prefix { $0 != "(" }.lowercased()
    let taken = Set(labels.values.map(\.path))
    var path = stem
    var number = 1
    while taken.contains(path) {
      path = "\(stem)_\(number)"
      number += 1
    }
    let label = LayerLabel(path: path, kind: kind)
    labels[identity] = label
    return label
  }

  /// The variable of the given name of the layer being traced: made at the layer's first use,
  /// shared afterwards.
  package func variable(
    _ name: String, in label: LayerLabel, shape: Shape, initializer: Initializer,
    fan: Variable.Fan, isTrainable: Bool = true
  ) -> Node {
    let fullName = label.path.isEmpty ? name : "\(label.path).\(name)"
    if let index = variableNodes[fullName] {
      let node = Node(builder: self, index: index, type: nodes[index].type)
      if node.type.fixedShape != shape {
        report(
          "was first used where its \(name) has the shape \(node.type.fixedShape), and here it "
            + "would need \(shape); use a layer of its own for each place.", subject: label.kind)
        return unknownNode(like: node)
      }
      return node
    }
    let node = variable(
      fullName, shape: shape, initializer: initializer, fan: fan, isTrainable: isTrainable)
    variableNodes[fullName] = node.index
    return node
  }

  /// The finished graph with the given outputs.
  ///
  /// - Throws: `ShapeError` with every problem met while tracing.
  public func finish(outputs: [(name: String, node: Node)]) throws -> Graph {
    var problems = problems
    for (name, node) in outputs {
      precondition(node.builder === self, "Output '\(name)' is of another graph.")
    }
    let names = outputs.map(\.name)
    if Set(names).count < names.count {
      problems.append("Two outputs have the same name; name each output differently.")
    }
    guard problems.isEmpty else { throw ShapeError(problems: problems) }
    return Graph(
      nodes: nodes, inputs: inputs,
      outputs: outputs.map {
        Graph.Endpoint(name: $0.name, node: $0.node.index, type: $0.node.type)
      },
      variables: variables)
  }
}

extension LayerLabel {
  /// The start of a sentence about the layer: `Layer 2 of 7, 'encoder.0': Dense(10)`.
  fileprivate var sentenceStart: String {
    let text = description
    return text.prefix(1).uppercased() + text.dropFirst()
  }
}
