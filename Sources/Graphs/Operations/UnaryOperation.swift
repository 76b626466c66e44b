import Kernels
import Tensors

/// A function of one variable, applied to each element.
package struct UnaryOperation: Operation {
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

  package func requirements(for site: OperationSite) -> Requirements {
    var requirements = Requirements()
    requirements.accumulatingInputs = [0]
    switch function.derivative {
    case .fromInput: requirements.inputsForBackward = [0]
    case .fromOutput: requirements.outputForBackward = true
    }
    return requirements
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let (function, parameter) = (function, parameter)
    return { context in
      Elementwise.forward(
        function, parameter: parameter, count: site.outputType.count(batch: context.batch),
        x: context.floats(site.inputs[0]), y: context.floats(site.output), team: context.team)
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let (function, parameter) = (function, parameter)
    guard let target = site.inputGradients[0] else { return { _ in } }
    let saved =
      function.derivative == .fromInput ? site.forward.inputs[0] : site.forward.output
    return { context in
      Elementwise.backward(
        function, parameter: parameter,
        count: site.forward.outputType.count(batch: context.batch),
        saved: context.floats(saved), dy: context.floats(site.outputGradient),
        dx: context.floats(target.place), accumulate: target.accumulates, team: context.team)
    }
  }
}

extension ElementwiseFunction {
  /// The function's name in model files.
  package var name: String { String(describing: self) }

  /// Whether the function has a parameter: a slope or a scale.
  package var hasParameter: Bool { self == .leakyReLU || self == .elu }
}
