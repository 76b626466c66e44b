import Kernels
import Tensors

/// A function of two variables, applied to each pair of elements; extents of 1 and missing leading
/// dimensions are repeated, as in NumPy.
package struct ArithmeticOperation: Operation {
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

  package func requirements(for site: OperationSite) -> Requirements {
    var requirements = Requirements()
    switch operation {
    case .add, .subtract: break
    case .multiply, .divide, .maximum, .minimum: requirements.inputsForBackward = [0, 1]
    }
    requirements.accumulatingInputs = [0, 1]
    let geometry = geometry(site)
    requirements.backwardScratch = max(
      Elementwise.binaryBackwardScratchCount(of: .left, geometry),
      Elementwise.binaryBackwardScratchCount(of: .right, geometry))
    return requirements
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let (operation, geometry) = (operation, geometry(site))
    return { context in
      Elementwise.binary(
        operation, site.sized(geometry, context), x: context.floats(site.inputs[0]),
        y: context.floats(site.inputs[1]), z: context.floats(site.output), team: context.team)
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let (operation, geometry) = (operation, geometry(site.forward))
    let readsInputs = !requirements(for: site.forward).inputsForBackward.isEmpty
    return { context in
      let sized = site.forward.sized(geometry, context)
      let x = readsInputs ? context.floats(site.forward.inputs[0]) : nil
      let y = readsInputs ? context.floats(site.forward.inputs[1]) : nil
      func differentiate(_ operand: BinaryOperand, _ target: GradientTarget?) {
        guard let target else { return }
        Elementwise.binaryBackward(
          operation, of: operand, sized, x: x, y: y, dz: context.floats(site.outputGradient),
          gradient: context.floats(target.place), accumulate: target.accumulates,
          scratch: context.floats(site.scratch), team: context.team)
      }
      differentiate(.left, site.inputGradients[0])
      differentiate(.right, site.inputGradients[1])
    }
  }

  private func geometry(_ site: OperationSite) -> BroadcastGeometry {
    BroadcastGeometry(
      left: site.inputTypes[0].shape(batch: site.maximumBatch).dimensions,
      right: site.inputTypes[1].shape(batch: site.maximumBatch).dimensions,
      output: site.outputType.shape(batch: site.maximumBatch).dimensions)
  }
}

extension OperationSite {
  /// The geometry for the batch of the current run.
  fileprivate func sized(
    _ geometry: BroadcastGeometry, _ context: ExecutionContext
  ) -> BroadcastGeometry {
    outputType.isBatched ? geometry.with(leading: context.batch) : geometry
  }
}

extension Operation {
  /// Whether the operation adds two values of the same type as `output`, so that what gives one of
  /// them can add the other.
  func isSum(of operands: [NodeType], like output: NodeType) -> Bool {
    (self as? ArithmeticOperation)?.operation == .add && operands.allSatisfy { $0 == output }
  }
}
