package import Kernels
import Tensors

/// A two-dimensional convolution: images `[batch, height, width, channels]` with weights
/// `[height, width, inputChannels / groups, outputChannels]`.
package struct ConvolutionOperation: Operation {
  package static let kind = "conv2d"
  package static let inputCounts = 2...2
  package let window: WindowAttributes
  private let groups: Int

  init(window: WindowAttributes, groups: Int) {
    self.window = window
    self.groups = groups
  }

  package var attributes: Attributes {
    window.attributes.merging(["groups": .int(groups)]) { first, _ in first }
  }

  package init(attributes: AttributeReader) throws {
    window = try WindowAttributes(attributes: attributes)
    groups = try attributes.int("groups", in: 1...(1 << 20))
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    let (images, weights) = (inputs[0], inputs[1])
    try images.expectImages()
    guard weights.rank == 4, !weights.isBatched, weights.elementType == .float32 else {
      throw ShapeRuleViolation(
        "expects weights [height, width, inputChannels, outputChannels]; it was given \(weights).")
    }
    guard groups >= 1 else {
      throw ShapeRuleViolation("expects at least 1 group; it has \(groups).")
    }
    let geometry = try geometry(images, weights)
    return NodeType([
      images.dimensions[0], .fixed(geometry.outputHeight), .fixed(geometry.outputWidth),
      .fixed(geometry.outputChannels),
    ])
  }

  package var kernel: any PlannedKernel { ConvolutionKernel(self) }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    let weights = inputs[1].fixedShape
    return 2 * output.count(batch: batch) * weights[0] * weights[1] * weights[2]
  }

  /// The sizes of the convolution, for inputs that the shape rule accepted.
  package func plannedGeometry(_ inputs: [NodeType]) -> ConvolutionGeometry {
    do {
      return try geometry(inputs[0], inputs[1])
    } catch {
      preconditionFailure("The shape rule accepted what has no geometry: \(error)")
    }
  }

  private func geometry(_ images: NodeType, _ weights: NodeType) throws -> ConvolutionGeometry {
    let extents = images.dimensions.dropFirst().compactMap(\.fixedValue)
    let kernel = weights.fixedShape
    let (inputs, outputs) = (extents[2], kernel[3])
    guard inputs == kernel[2] * groups, outputs % groups == 0 else {
      throw ShapeRuleViolation(
        "expects \(kernel[2] * groups) input channels and output channels that \(groups) groups "
          + "divide; it was given \(images) and weights \(weights).")
    }
    let geometry = ConvolutionGeometry(
      inputHeight: extents[0], inputWidth: extents[1], inputChannels: inputs,
      outputChannels: outputs, kernelHeight: kernel[0], kernelWidth: kernel[1],
      strideHeight: window.strides.height, strideWidth: window.strides.width,
      dilationHeight: window.dilations.height, dilationWidth: window.dilations.width,
      padding: window.padding(
        height: extents[0], width: extents[1], kernelHeight: kernel[0], kernelWidth: kernel[1]),
      groups: groups)
    try WindowAttributes.check(geometry.problem)
    return geometry
  }
}
