import Kernels
import Tensors

/// A loss that compares predictions and targets element by element: a mean over all elements.
///
/// The gradient reaches the predictions only.
package struct ElementLossOperation: Operation, PlannedKernel {
  package static let kind = "element_loss"
  package static let inputCounts = 2...2

  /// What one element costs.
  package enum Measure: String, Sendable, CaseIterable {
    case binaryCrossEntropy = "binary_cross_entropy"
    case squaredError = "squared_error"
    case absoluteError = "absolute_error"
    case huber
  }

  let measure: Measure
  /// Where Huber's loss becomes linear; 0 for the others.
  let delta: Float

  init(_ measure: Measure, delta: Float = 0) {
    self.measure = measure
    self.delta = delta
  }

  package var attributes: Attributes {
    var attributes: Attributes = ["measure": .string(measure.rawValue)]
    if measure == .huber { attributes["delta"] = .float(delta) }
    return attributes
  }

  package init(attributes: AttributeReader) throws {
    let word = try attributes.string("measure")
    guard let measure = Measure(rawValue: word) else {
      throw AttributeError("There is no loss '\(word)'.")
    }
    self.measure = measure
    self.delta = measure == .huber ? try attributes.float("delta") : 0
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    guard inputs[0] == inputs[1], inputs[0].elementType == .float32 else {
      throw ShapeRuleViolation(
        "expects predictions and targets of one shape; it was given \(inputs[0]) and "
          + "\(inputs[1]).")
    }
    guard measure != .huber || delta > 0 else {
      throw ShapeRuleViolation("expects a positive delta; it has \(delta).")
    }
    return NodeType([])
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    3 * inputs[0].count(batch: batch)
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let scratch = buffers.scratch(
      floats: Losses.scratchCount(count: site.inputTypes[0].count(batch: site.maximumBatch)),
      .forward)
    var instructions = KernelInstructions(
      forward: { forward(site.inputTypes[0], scratch: $0[scratch], $0) },
      backward: { backward(site.inputTypes[0], $0) })
    instructions.inputsForBackward = [0, 1]
    instructions.accumulatingInputs = [0]
    instructions.inputsWithoutGradient = [1]
    return instructions
  }

  private func forward(
    _ type: NodeType, scratch: Place, _ bindings: KernelBindings
  ) -> Instruction {
    let (measure, delta) = (measure, delta)
    return { context in
      let count = type.count(batch: context.batch)
      let (x, targets) = (context.floats(bindings.inputs[0]), context.floats(bindings.inputs[1]))
      let (loss, scratch) = (context.floats(bindings.output), context.floats(scratch))
      switch measure {
      case .binaryCrossEntropy:
        Losses.binaryCrossEntropyWithLogits(
          count: count, logits: x, targets: targets, loss: loss, scratch: scratch,
          team: context.team)
      case .squaredError:
        Losses.meanSquaredError(
          count: count, predictions: x, targets: targets, loss: loss, scratch: scratch,
          team: context.team)
      case .absoluteError:
        Losses.meanAbsoluteError(
          count: count, predictions: x, targets: targets, loss: loss, scratch: scratch,
          team: context.team)
      case .huber:
        Losses.huber(
          count: count, delta: delta, predictions: x, targets: targets, loss: loss,
          scratch: scratch, team: context.team)
      }
    }
  }

  private func backward(_ type: NodeType, _ bindings: BackwardBindings) -> Instruction {
    let (measure, delta) = (measure, delta)
    guard let target = bindings.inputGradients[0] else { return { _ in } }
    return { context in
      let count = type.count(batch: context.batch)
      let (x, targets) = (context.floats(bindings.inputs[0]), context.floats(bindings.inputs[1]))
      let gradient = context.floats(bindings.outputGradient)
      let dx = context.floats(target.place)
      switch measure {
      case .binaryCrossEntropy:
        Losses.binaryCrossEntropyWithLogitsBackward(
          count: count, logits: x, targets: targets, lossGradient: gradient, dx: dx,
          accumulate: target.accumulates, team: context.team)
      case .squaredError:
        Losses.meanSquaredErrorBackward(
          count: count, predictions: x, targets: targets, lossGradient: gradient, dx: dx,
          accumulate: target.accumulates, team: context.team)
      case .absoluteError:
        Losses.meanAbsoluteErrorBackward(
          count: count, predictions: x, targets: targets, lossGradient: gradient, dx: dx,
          accumulate: target.accumulates, team: context.team)
      case .huber:
        Losses.huberBackward(
          count: count, delta: delta, predictions: x, targets: targets, lossGradient: gradient,
          dx: dx, accumulate: target.accumulates, team: context.team)
      }
    }
  }
}
