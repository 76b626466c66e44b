import Kernels
import Tensors

/// A function of two variables, applied to each pair of elements; extents of 1 and missing leading
/// dimensions are repeated, as in NumPy.
package struct ArithmeticOperation: Operation, PlannedKernel {
  package static let kind = "arithmetic"
  package static let inputCounts = 2...2
  let operation: BinaryOperation

  init(_ operation: BinaryOperation) {
    self.operation = operation
  }

  package var attributes: Attributes { ["operation": .string(String(describing: operation))] }

  package init(attributes: AttributeReader) throws {
    let name = try attributes.string("operation")
    guard
      let operation = BinaryOperation.allCases.first(where: { String(describing: $0) == name })
    else {
      throw AttributeError("There is no arithmetic operation '\(name)'.")
    }
    self.operation = operation
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    let (left, right) = (inputs[0], inputs[1])
    guard left.elementType == .float32, right.elementType == .float32 else {
      throw ShapeRuleViolation("expects numbers; it was given \(left) and \(right).")
    }
    let rank = max(left.rank, right.rank)
    guard rank <= BroadcastGeometry.maximumRank else {
      throw ShapeRuleViolation(
        "expects at most \(BroadcastGeometry.maximumRank) dimensions; it was given \(left) and "
          + "\(right).")
    }
    let ones = { (count: Int) in [Dimension](repeating: 1, count: count) }
    let extents = zip(
      ones(rank - left.rank) + left.dimensions, ones(rank - right.rank) + right.dimensions)
    let dimensions = try extents.map { (a, b) -> Dimension in
      if a == b || b == 1 { return a }
      if a == 1 { return b }
      throw ShapeRuleViolation(
        "expects two shapes that are equal or can be repeated to be (from the last extent "
          + "backward: equal, or one of them 1); it was given \(left) and \(right).")
    }
    return NodeType(dimensions)
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let operation = operation
    let geometry = BroadcastGeometry(
      left: site.inputTypes[0].shape(batch: site.maximumBatch).dimensions,
      right: site.inputTypes[1].shape(batch: site.maximumBatch).dimensions,
      output: site.outputType.shape(batch: site.maximumBatch).dimensions)
    let isBatched = site.outputType.isBatched
    let scratch = buffers.scratch(
      floats: max(
        Elementwise.binaryBackwardScratchCount(of: .left, geometry),
        Elementwise.binaryBackwardScratchCount(of: .right, geometry)), .backward)
    /// The geometry for the batch of the current run.
    @Sendable func sized(_ context: ExecutionContext) -> BroadcastGeometry {
      isBatched ? geometry.with(leading: context.batch) : geometry
    }
    let readsInputs =
      switch operation {
      case .add, .subtract: false
      case .multiply, .divide, .maximum, .minimum: true
      }
    var instructions = KernelInstructions { bindings in
      { context in
        Elementwise.binary(
          operation, sized(context), x: context.floats(bindings.inputs[0]),
          y: context.floats(bindings.inputs[1]), z: context.floats(bindings.output),
          team: context.team)
      }
    } backward: { bindings in
      let scratch = bindings[scratch]
      return { context in
        let sized = sized(context)
        let x = readsInputs ? context.floats(bindings.inputs[0]) : nil
        let y = readsInputs ? context.floats(bindings.inputs[1]) : nil
        func differentiate(_ operand: BinaryOperand, _ target: GradientTarget?) {
          guard let target else { return }
          Elementwise.binaryBackward(
            operation, of: operand, sized, x: x, y: y,
            dz: context.floats(bindings.outputGradient), gradient: context.floats(target.place),
            accumulate: target.accumulates, scratch: context.floats(scratch), team: context.team)
        }
        differentiate(.left, bindings.inputGradients[0])
        differentiate(.right, bindings.inputGradients[1])
      }
    }
    instructions.inputsForBackward = readsInputs ? [0, 1] : []
    instructions.accumulatingInputs = [0, 1]
    return instructions
  }
}
