import Graphs
import Tensors

/// Builds a graph from its description, node by node, and checks everything on the way.
struct GraphReader {
  private let field: DescribedField
  private let labels: [LayerLabel]
  private let variables: [Variable]
  private let nodeFields: [DescribedField]
  private let outputFields: [DescribedField]

  private var nodes: [Graph.NodeRecord] = []
  private var inputs: [Graph.Endpoint] = []
  /// Names of inputs and variables, which share one space.
  private var names: Set<String> = []
  /// The node that stands for each variable, once it has come.
  private var variableNodes: [Int?]
  /// Operations of a forward pass for one example.
  private var floatOperations = 0

  init(_ field: DescribedField) throws(ModelFileError) {
    self.field = field
    let root = try field.object()
    try Self.checkFormat(root)
    labels = try Self.list(root, "labels", Self.label)
    variables = try Self.list(root, "variables", Self.variable)
    nodeFields = try root.required("nodes", "a list of operations")
      .elements("to be a list of operations")
    outputFields = try root.required("outputs", "a list of names and nodes")
      .elements("to be a list of names and nodes")
    try root.finish()
    guard nodeFields.count <= NetworkConfiguration.maximumNodeCount else {
      throw field.error(
        "to have at most \(NetworkConfiguration.maximumNodeCount) nodes",
        found: "\(nodeFields.count)")
    }
    variableNodes = [Int?](repeating: nil, count: variables.count)
    for (index, variable) in variables.enumerated() {
      guard names.insert(variable.name).inserted else {
        throw field.error(
          "to name each variable differently",
          found: "\(quoted(variable.name)) again in variables[\(index)]")
      }
    }
  }

  /// Checks the version, which a description may leave out only if a person wrote it.
  static func checkFormat(_ root: DescribedObject) throws(ModelFileError) {
    guard let format = root.optional("format") else { return }
    guard case .integer(NetworkConfiguration.format) = format.value.content else {
      throw format.error(
        "to be \(NetworkConfiguration.format), the version that this program reads",
        advice: "If the file was made by a newer version, update Needletail.")
    }
  }

  mutating func graph() throws(ModelFileError) -> Graph {
    for field in nodeFields { try addNode(field) }
    if let index = variableNodes.firstIndex(of: nil) {
      throw field.error(
        "to have a node for every variable",
        found: "none for variables[\(index)], \(quoted(variables[index].name))")
    }
    return Graph(nodes: nodes, inputs: inputs, outputs: try outputs(), variables: variables)
  }

  // MARK: Nodes

  private mutating func addNode(_ field: DescribedField) throws(ModelFileError) {
    let object = try field.object()
    let kindField = try object.required("operation", "its name")
    let kind = try kindField.string()
    let attributes = try object.optional("attributes").map(Self.attributes) ?? [:]
    var operands: [Int] = []
    if let list = object.optional("inputs") {
      let expectation = "to be a list of numbers of nodes before this one"
      for operand in try list.elements(expectation) {
        guard case .integer(let index) = operand.value.content, nodes.indices.contains(index) else {
          throw operand.error("to be the number of a node before this one, \(nodes.count)")
        }
        operands.append(index)
      }
    }
    var label: LayerLabel?
    if let number = object.optional("label") {
      guard case .integer(let index) = number.value.content, labels.indices.contains(index) else {
        throw number.error("to be the number of one of the \(labels.count) labels")
      }
      label = labels[index]
    }
    try object.finish()
    guard OperationRegistry.contains(kind) else {
      throw kindField.error(
        "to be one of \(OperationRegistry.kinds.joined(separator: ", "))",
        advice: suggestion(
          for: kind, among: OperationRegistry.kinds,
          otherwise: "If the file was made by a newer version, update Needletail."))
    }
    let operation: any Operation
    do {
      operation = try OperationRegistry.make(kind: kind, attributes: attributes)
    } catch {
      throw field.error("to describe the operation \(kind)", found: Self.clause("\(error)"))
    }
    try checkOperands(of: operation, operands, field)
    let type = try type(of: operation, operands, field)
    try check(type, of: operation, field)
    nodes.append(
      Graph.NodeRecord(operation: operation, inputs: operands, type: type, label: label))
    try countOperations(field)
  }

  private func checkOperands(
    of operation: any Operation, _ operands: [Int], _ field: DescribedField
  ) throws(ModelFileError) {
    let kind = Swift.type(of: operation)
    guard kind.inputCounts.contains(operands.count) else {
      let least = kind.inputCounts.lowerBound
      let count = kind.inputCounts.count == 1 ? "\(least)" : "at least \(least)"
      throw field.error(
        "(\(operation.kind)) to take \(count) input\(least == 1 ? "" : "s")",
        found: "\(operands.count)")
    }
    for slot in kind.updatedInputs {
      let source = nodes[operands[slot]].operation as? VariableOperation
      guard let source, !variables[source.index].isTrainable else {
        throw field.error(
          "(\(operation.kind)) to take a variable that is not trainable as inputs[\(slot)], which "
            + "training updates",
          found: source == nil ? nodes[operands[slot]].operation.kind : "a trainable one")
      }
    }
  }

  private mutating func type(
    of operation: any Operation, _ operands: [Int], _ field: DescribedField
  ) throws(ModelFileError) -> NodeType {
    if let variable = operation as? VariableOperation {
      let index = variable.index
      guard variables.indices.contains(index) else {
        throw field.error(
          "(variable) to have the index of one of the \(variables.count) variables",
          found: "\(index)")
      }
      if let node = variableNodes[index] {
        throw field.error(
          "to be the only node of variables[\(index)]", found: "nodes[\(node)] before it")
      }
      variableNodes[index] = nodes.count
      return NodeType(variables[index].shape)
    }
    do {
      let type = try operation.outputType(of: operands.map { nodes[$0].type })
      if let placeholder = operation as? PlaceholderOperation {
        try addInput(placeholder.name, type, field)
      }
      return type
    } catch let error as ModelFileError {
      throw error
    } catch let violation as ShapeRuleViolation {
      throw field.error(
        "(\(operation.kind)) to fit its inputs", found: "that it \(Self.clause(violation.reason))")
    } catch {
      throw field.error("(\(operation.kind)) to fit its inputs", found: Self.clause("\(error)"))
    }
  }

  private mutating func addInput(
    _ name: String, _ type: NodeType, _ field: DescribedField
  ) throws(ModelFileError) {
    guard !name.isEmpty, name.utf8.count <= DescribedField.longestText,
      names.insert(name).inserted
    else {
      throw field.error(
        "(input) to have a name of its own, of at most \(DescribedField.longestText) bytes",
        found: quoted(name))
    }
    inputs.append(Graph.Endpoint(name: name, node: nodes.count, type: type))
  }

  /// Checks what no shape rule does: that sizes cannot overflow later, whatever uses them.
  private func check(
    _ type: NodeType, of operation: any Operation, _ field: DescribedField
  ) throws(ModelFileError) {
    guard type.rank <= NetworkConfiguration.maximumRank else {
      throw field.error(
        "to have at most \(NetworkConfiguration.maximumRank) dimensions", found: "\(type.rank)")
    }
    do {
      try type.expectLeadingSymbol()
    } catch {
      throw field.error(
        "to have no symbol behind the first extent of its result", found: "\(type)")
    }
    let limit =
      operation is VariableOperation
      ? NetworkConfiguration.maximumVariableCount : NetworkConfiguration.maximumElementCount
    guard let count = type.fixedShape.checkedCount, count > 0, count <= limit else {
      throw field.error(
        "to have a result of 1 to \(limit) elements for an example", found: "\(type)")
    }
  }

  private mutating func countOperations(_ field: DescribedField) throws(ModelFileError) {
    guard let node = nodes.last else { return }
    let count = node.operation.floatOperations(
      inputs: node.inputs.map { nodes[$0].type }, output: node.type, batch: 1)
    let (sum, overflows) = floatOperations.addingReportingOverflow(count)
    guard !overflows, sum < 1 << 60 else {
      throw field.error("to end within 2^60 operations", found: "more")
    }
    floatOperations = sum
  }

  /// A sentence without its full stop.
  private static func clause(_ sentence: String) -> String {
    var text = sentence
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  // MARK: Outputs

  private func outputs() throws(ModelFileError) -> [Graph.Endpoint] {
    var outputs: [Graph.Endpoint] = []
    var taken: Set<String> = []
    for field in outputFields {
      let object = try field.object()
      let name = try object.required("name", "a text").string()
      let number = try object.required("node", "the number of a node")
      try object.finish()
      guard case .integer(let index) = number.value.content, nodes.indices.contains(index) else {
        throw number.error("to be the number of one of the \(nodes.count) nodes")
      }
      guard taken.insert(name).inserted else {
        throw field.error("to have a name of its own", found: quoted(name))
      }
      outputs.append(Graph.Endpoint(name: name, node: index, type: nodes[index].type))
    }
    guard !outputs.isEmpty else {
      throw field.error("to have at least one output", found: "none")
    }
    return outputs
  }
}
