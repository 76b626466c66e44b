import Kernels
import Tensors

/// What a run feeds.
package struct PlaceholderOperation: Operation, PlannedKernel {
  package static let kind = "input"
  package static let inputCounts = 0...0
  package let name: String
  let type: NodeType

  init(name: String, type: NodeType) {
    self.name = name
    self.type = type
  }

  package var attributes: Attributes {
    [
      "name": .string(name), "element_type": .string(type.elementType.rawValue),
      "batched": .bool(type.isBatched), "shape": .ints(type.fixedShape.dimensions),
    ]
  }

  package init(attributes: AttributeReader) throws {
    name = try attributes.string("name")
    let word = try attributes.string("element_type")
    guard let elementType = ElementType(rawValue: word) else {
      throw AttributeError(
        "The attribute 'element_type' of 'input' must be one of "
          + "\(ElementType.allCases.map(\.rawValue).joined(separator: ", ")), not '\(word)'.")
    }
    let shape = try Shape(attributes.ints("shape", in: 1...(1 << 31)))
    type =
      try attributes.bool("batched")
      ? .batch(of: shape, elementType: elementType) : NodeType(shape, elementType: elementType)
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType { type }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int { 0 }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    .none
  }
}

/// A variable of the model.
package struct VariableOperation: Operation, PlannedKernel {
  package static let kind = "variable"
  package static let inputCounts = 0...0
  /// Which of the graph's variables.
  package let index: Int

  init(index: Int) {
    self.index = index
  }

  package var attributes: Attributes { ["index": .int(index)] }

  package init(attributes: AttributeReader) throws {
    index = try attributes.int("index", in: 0...(1 << 31))
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    throw ShapeRuleViolation("takes its shape from the list of variables.")
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int { 0 }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    .none
  }
}

/// One number, known when the graph is built.
package struct ConstantOperation: Operation, PlannedKernel {
  package static let kind = "constant"
  package static let inputCounts = 0...0
  let value: Float

  init(value: Float) {
    self.value = value
  }

  package var attributes: Attributes { ["value": .float(value)] }

  package init(attributes: AttributeReader) throws {
    value = try attributes.float("value")
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType { NodeType([]) }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int { 0 }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let value = value
    var instructions = KernelInstructions.none
    instructions.forward = { bindings in
      let place = bindings.output
      return { $0.floats(place).pointee = value }
    }
    return instructions
  }
}

extension Graph.NodeRecord {
  /// Which of the graph's variables the node is; nil for other nodes.
  package var variableIndex: Int? { (operation as? VariableOperation)?.index }

  /// Whether the node is one of the graph's variables.
  package var isVariable: Bool { operation is VariableOperation }
}
