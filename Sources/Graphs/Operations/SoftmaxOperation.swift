import Kernels
import Tensors

/// Softmax or its logarithm along the last dimension.
package struct SoftmaxOperation: Operation, PlannedKernel {
  package static let kind = "softmax"
  let isLogarithmic: Bool

  init(isLogarithmic: Bool) {
    self.isLogarithmic = isLogarithmic
  }

  package var attributes: Attributes { ["logarithmic": .bool(isLogarithmic)] }

  package init(attributes: AttributeReader) throws {
    isLogarithmic = try attributes.bool("logarithmic")
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    guard inputs[0].elementType == .float32, inputs[0].dimensions.last?.fixedValue != nil else {
      throw ShapeRuleViolation(
        "expects numbers with a known last extent, […, classes]; it was given \(inputs[0]).")
    }
    return inputs[0]
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    4 * output.count(batch: batch)
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let isLogarithmic = isLogarithmic
    let columns = site.outputType.dimensions.last?.fixedValue ?? 1
    var instructions = KernelInstructions { bindings in
      { context in
        let rows = site.outputType.rowCount(batch: context.batch)
        let (x, y) = (context.floats(bindings.inputs[0]), context.floats(bindings.output))
        if isLogarithmic {
          Softmax.logForward(rows: rows, columns: columns, x: x, y: y, team: context.team)
        } else {
          Softmax.forward(rows: rows, columns: columns, x: x, y: y, team: context.team)
        }
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      return { context in
        let rows = site.outputType.rowCount(batch: context.batch)
        let y = context.floats(bindings.forward.output)
        let (dy, dx) = (context.floats(bindings.outputGradient), context.floats(target.place))
        if isLogarithmic {
          Softmax.logBackward(
            rows: rows, columns: columns, y: y, dy: dy, dx: dx, accumulate: target.accumulates,
            team: context.team)
        } else {
          Softmax.backward(
            rows: rows, columns: columns, y: y, dy: dy, dx: dx, accumulate: target.accumulates,
            team: context.team)
        }
      }
    }
    instructions.outputForBackward = true
    instructions.accumulatingInputs = [0]
    return instructions
  }
}
