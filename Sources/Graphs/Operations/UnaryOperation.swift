import Kernels
import Tensors

/// A function of one variable, applied to each element.
package struct UnaryOperation: Operation, PlannedKernel {
  package static let kind = "elementwise"
  let function: ElementwiseFunction
  let parameter: Float

  init(_ function: ElementwiseFunction, parameter: Float = 0) {
    self.function = function
    self.parameter = parameter
  }

  package var attributes: Attributes {
    var attributes: Attributes = ["function": .string(function.name)]
    if function.hasParameter { attributes["parameter"] = .float(parameter) }
    return attributes
  }

  package init(attributes: AttributeReader) throws {
    let name = try attributes.string("function")
    guard let function = ElementwiseFunction.allCases.first(where: { $0.name == name }) else {
      throw AttributeError("There is no elementwise function '\(name)'.")
    }
    self.function = function
    self.parameter = function.hasParameter ? try attributes.float("parameter") : 0
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    guard inputs[0].elementType == .float32 else {
      throw ShapeRuleViolation("expects numbers; it was given \(inputs[0]).")
    }
    // The derivative is told by the sign of the result.
    guard parameter >= 0 else {
      throw ShapeRuleViolation("expects a slope or scale of at least 0; it has \(parameter).")
    }
    return inputs[0]
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let (function, parameter) = (function, parameter)
    let readsInput = function.derivative == .fromInput
    var instructions = KernelInstructions { bindings in
      { context in
        Elementwise.forward(
          function, parameter: parameter, count: site.outputType.count(batch: context.batch),
          x: context.floats(bindings.inputs[0]), y: context.floats(bindings.output),
          team: context.team)
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      let saved = readsInput ? bindings.inputs[0] : bindings.forward.output
      return { context in
        Elementwise.backward(
          function, parameter: parameter, count: site.outputType.count(batch: context.batch),
          saved: context.floats(saved), dy: context.floats(bindings.outputGradient),
          dx: context.floats(target.place), accumulate: target.accumulates, team: context.team)
      }
    }
    instructions.accumulatingInputs = [0]
    instructions.inputsForBackward = readsInput ? [0] : []
    instructions.outputForBackward = !readsInput
    return instructions
  }
}

extension ElementwiseFunction {
  /// The function's name in model files.
  package var name: String { String(describing: self) }

  /// Whether the function has a parameter: a slope or a scale.
  package var hasParameter: Bool { self == .leakyReLU || self == .elu }
}
