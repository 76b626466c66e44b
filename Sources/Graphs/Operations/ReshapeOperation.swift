import Tensors

/// The same elements under another shape.
///
/// Takes no time and no memory.
package struct ReshapeOperation: Operation, PlannedKernel {
  package static let kind = "reshape"
  /// The new shape: of one example if the input is batched, else of the whole.
  let shape: Shape

  init(shape: Shape) {
    self.shape = shape
  }

  package var attributes: Attributes { ["shape": .ints(shape.dimensions)] }

  package init(attributes: AttributeReader) throws {
    shape = try Shape(attributes.ints("shape", in: 1...(1 << 31)))
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    let input = inputs[0]
    let count = input.fixedShape.count
    guard shape.checkedCount == count else {
      throw ShapeRuleViolation(
        "expects \(shape.checkedCount.map(String.init) ?? "as many as \(shape)") elements per "
          + "example for the shape \(shape); it was given \(input), \(count) elements.")
    }
    let head = input.isBatched ? Array(input.dimensions.prefix(1)) : []
    return NodeType(
      head + shape.dimensions.map(Dimension.fixed), elementType: input.elementType)
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int { 0 }

  package func isView(training: Bool) -> Bool { true }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    .none
  }
}
