import Kernels
import Tensors

/// `x · scale + offset` with numbers known when the graph is built: one for all, or one for each
/// index of the last dimension.
///
/// What turns raw pixels and columns into what a network likes.
package struct ScaleOperation: Operation, PlannedKernel {
  package static let kind = "scale"
  let scale: [Float]
  let offset: [Float]

  init(scale: [Float], offset: [Float]) {
    self.scale = scale
    self.offset = offset
  }

  package var attributes: Attributes { ["scale": .floats(scale), "offset": .floats(offset)] }

  package init(attributes: AttributeReader) throws {
    scale = try attributes.floats("scale")
    offset = try attributes.floats("offset")
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    guard inputs[0].elementType == .float32 else {
      throw ShapeRuleViolation("expects numbers; it was given \(inputs[0]).")
    }
    let channels = inputs[0].dimensions.last?.fixedValue
    guard scale.count == offset.count, scale.count == 1 || scale.count == channels else {
      throw ShapeRuleViolation(
        "expects one scale and one offset, or one of each for every channel; it has "
          + "\(scale.count) and \(offset.count) for \(inputs[0]).")
    }
    return inputs[0]
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    2 * output.count(batch: batch)
  }

  /// The factor and the summand, where each is one for all.
  var single: (scale: Float, offset: Float)? {
    scale.count == 1 ? (scale[0], offset[0]) : nil
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let (scale, offset) = (scale, offset)
    return KernelInstructions { bindings in
      { context in
        Self.apply(
          scale: scale, offset: offset, type: site.outputType, x: bindings.inputs[0],
          y: bindings.output, context: context)
      }
    } backward: { bindings in
      let zeros = [Float](repeating: 0, count: scale.count)
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      return { context in
        Self.apply(
          scale: scale, offset: zeros, type: site.outputType, x: bindings.outputGradient,
          y: target.place, context: context)
      }
    }
  }

  private static func apply(
    scale: [Float], offset: [Float], type: NodeType, x: Place, y: Place,
    context: ExecutionContext
  ) {
    let count = type.count(batch: context.batch)
    if scale.count == 1 {
      Elementwise.affine(
        count: count, x: context.floats(x), scale: scale[0], offset: offset[0],
        y: context.floats(y), team: context.team)
      return
    }
    scale.withUnsafeBufferPointer { scale in
      offset.withUnsafeBufferPointer { offset in
        guard let first = scale.baseAddress, let second = offset.baseAddress else { return }
        Elementwise.affinePerChannel(
          rows: count / scale.count, channels: scale.count, x: context.floats(x), scale: first,
          offset: second, y: context.floats(y), team: context.team)
      }
    }
  }
}
