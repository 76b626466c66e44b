import Kernels
import Tensors

/// The sum or the mean of all elements: a scalar.
package struct ReduceOperation: Operation, PlannedKernel {
  package static let kind = "reduce"
  let isMean: Bool

  init(isMean: Bool) {
    self.isMean = isMean
  }

  package var attributes: Attributes { ["mean": .bool(isMean)] }

  package init(attributes: AttributeReader) throws {
    isMean = try attributes.bool("mean")
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    guard inputs[0].elementType == .float32 else {
      throw ShapeRuleViolation("expects numbers; it was given \(inputs[0]).")
    }
    return NodeType([])
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    inputs[0].count(batch: batch)
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let isMean = isMean
    let scratch = buffers.scratch(
      floats: Reductions.scratchCount(count: site.inputTypes[0].count(batch: site.maximumBatch)),
      .forward)
    return KernelInstructions { bindings in
      let scratch = bindings[scratch]
      return { context in
        let count = site.inputTypes[0].count(batch: context.batch)
        let result = context.floats(bindings.output)
        Reductions.sum(
          count: count, x: context.floats(bindings.inputs[0]), result: result,
          scratch: context.floats(scratch), team: context.team)
        if isMean { result.pointee /= Float(count) }
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      return { context in
        let count = site.inputTypes[0].count(batch: context.batch)
        let gradient = context.floats(bindings.outputGradient).pointee
        Elementwise.fill(
          count: count, with: isMean ? gradient / Float(count) : gradient,
          context.floats(target.place), team: context.team)
      }
    }
  }
}
