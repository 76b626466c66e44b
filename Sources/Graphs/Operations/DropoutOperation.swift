import Kernels
import Tensors

/// In training, zeroes each element with the probability `rate` and divides the others by
/// `1 − rate` (Srivastava et al., JMLR 15, 2014); otherwise changes nothing.
package struct DropoutOperation: Operation, PlannedKernel {
  package static let kind = "dropout"
  let rate: Float

  init(rate: Float) {
    self.rate = rate
  }

  package var attributes: Attributes { ["rate": .float(rate)] }

  package init(attributes: AttributeReader) throws {
    rate = try attributes.float("rate")
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    guard rate >= 0, rate < 1 else {
      throw ShapeRuleViolation("expects a rate from 0 to less than 1; it has \(rate).")
    }
    guard inputs[0].elementType == .float32 else {
      throw ShapeRuleViolation("expects numbers; it was given \(inputs[0]).")
    }
    return inputs[0]
  }

  package func isView(training: Bool) -> Bool { !training || rate == 0 }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let rate = rate
    let mask = buffers.saved(bytes: site.outputType.count(batch: site.maximumBatch))
    var instructions = KernelInstructions { bindings in
      let mask = bindings[mask]
      return { context in
        Dropout.forward(
          count: site.outputType.count(batch: context.batch),
          x: context.floats(bindings.inputs[0]), y: context.floats(bindings.output),
          mask: context.bytes(mask).assumingMemoryBound(to: UInt8.self), rate: rate,
          key: context.randomKey, stream: context.step << 20 | UInt64(site.operationIndex),
          firstElement: 0, team: context.team)
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      let mask = bindings[mask]
      return { context in
        Dropout.backward(
          count: site.outputType.count(batch: context.batch),
          mask: context.bytes(mask).assumingMemoryBound(to: UInt8.self), rate: rate,
          dy: context.floats(bindings.outputGradient), dx: context.floats(target.place),
          accumulate: target.accumulates, team: context.team)
      }
    }
    instructions.accumulatingInputs = [0]
    return instructions
  }
}
