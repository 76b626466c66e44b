import Kernels

/// The maximum or the mean over windows of images `[batch, height, width, channels]`.
package struct PoolingOperation: Operation, PlannedKernel {
  package static let kind = "pool2d"

  /// What a window becomes.
  package enum Statistic: String, Sendable, CaseIterable {
    case maximum
    /// Of the elements inside the image; padding does not count.
    case average
  }

  let statistic: Statistic
  let size: Size2D
  let window: WindowAttributes

  init(_ statistic: Statistic, size: Size2D, window: WindowAttributes) {
    self.statistic = statistic
    self.size = size
    self.window = window
  }

  package var attributes: Attributes {
    let own: Attributes = [
      "statistic": .string(statistic.rawValue), "size": .ints([size.height, size.width]),
    ]
    return window.attributes.merging(own) { first, _ in first }
  }

  package init(attributes: AttributeReader) throws {
    let word = try attributes.string("statistic")
    guard let statistic = Statistic(rawValue: word) else {
      throw AttributeError("The attribute 'statistic' must be maximum or average, not '\(word)'.")
    }
    self.statistic = statistic
    let size = try attributes.ints("size", count: 2, in: 1...(1 << 20))
    self.size = Size2D(height: size[0], width: size[1])
    self.window = try WindowAttributes(attributes: attributes)
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    try inputs[0].expectImages()
    guard window.dilations == 1 else {
      throw ShapeRuleViolation("expects no dilation.")
    }
    let geometry = try geometry(inputs[0])
    return NodeType([
      inputs[0].dimensions[0], .fixed(geometry.outputHeight), .fixed(geometry.outputWidth),
      inputs[0].dimensions[3],
    ])
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    output.count(batch: batch) * size.area
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let geometry = plannedGeometry(site)
    var instructions =
      switch statistic {
      case .maximum: maximum(geometry, site, &buffers)
      case .average: average(geometry, site)
      }
    instructions.accumulatingInputs = [0]
    return instructions
  }

  private func maximum(
    _ geometry: PoolingGeometry, _ site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let indices = buffers.saved(bytes: site.outputType.count(batch: site.maximumBatch))
    return KernelInstructions { bindings in
      let indices = bindings[indices]
      return { context in
        Pooling.maximumForward(
          geometry, batch: site.inputTypes[0].imageCount(batch: context.batch),
          x: context.floats(bindings.inputs[0]), y: context.floats(bindings.output),
          indices: context.bytes(indices).assumingMemoryBound(to: UInt8.self),
          team: context.team)
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      let indices = bindings[indices]
      return { context in
        Pooling.maximumBackward(
          geometry, batch: site.inputTypes[0].imageCount(batch: context.batch),
          dy: context.floats(bindings.outputGradient),
          indices: context.bytes(indices).assumingMemoryBound(to: UInt8.self),
          dx: context.floats(target.place), accumulate: target.accumulates, team: context.team)
      }
    }
  }

  private func average(_ geometry: PoolingGeometry, _ site: KernelSite) -> KernelInstructions {
    KernelInstructions { bindings in
      { context in
        Pooling.averageForward(
          geometry, batch: site.inputTypes[0].imageCount(batch: context.batch),
          x: context.floats(bindings.inputs[0]), y: context.floats(bindings.output),
          team: context.team)
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      return { context in
        Pooling.averageBackward(
          geometry, batch: site.inputTypes[0].imageCount(batch: context.batch),
          dy: context.floats(bindings.outputGradient), dx: context.floats(target.place),
          accumulate: target.accumulates, team: context.team)
      }
    }
  }

  private func plannedGeometry(_ site: KernelSite) -> PoolingGeometry {
    do {
      return try geometry(site.inputTypes[0])
    } catch {
      preconditionFailure("The shape rule accepted what has no geometry: \(error)")
    }
  }

  private func geometry(_ images: NodeType) throws -> PoolingGeometry {
    let extents = images.dimensions.dropFirst().compactMap(\.fixedValue)
    let geometry = geometry(height: extents[0], width: extents[1], channels: extents[2])
    try WindowAttributes.check(geometry.problem)
    return geometry
  }

  /// That of a convolution's output.
  func geometry(of convolution: ConvolutionGeometry) -> PoolingGeometry {
    geometry(
      height: convolution.outputHeight, width: convolution.outputWidth,
      channels: convolution.outputChannels)
  }

  private func geometry(height: Int, width: Int, channels: Int) -> PoolingGeometry {
    PoolingGeometry(
      inputHeight: height, inputWidth: width, channels: channels, windowHeight: size.height,
      windowWidth: size.width, strideHeight: window.strides.height,
      strideWidth: window.strides.width,
      padding: window.padding(
        height: height, width: width, kernelHeight: size.height, kernelWidth: size.width))
  }
}

/// The mean over all positions of each image: `[batch, height, width, channels]` to
/// `[batch, channels]`.
package struct GlobalAveragePoolingOperation: Operation, PlannedKernel {
  package static let kind = "global_average_pool2d"

  init() {}

  package var attributes: Attributes { [:] }

  package init(attributes: AttributeReader) throws {}

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    try inputs[0].expectImages()
    return NodeType([inputs[0].dimensions[0], inputs[0].dimensions[3]])
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    inputs[0].count(batch: batch)
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let image = site.inputTypes[0].dimensions.dropFirst().compactMap(\.fixedValue)
    let (pixels, channels) = (image[0] * image[1], image[2])
    var instructions = KernelInstructions { bindings in
      { context in
        Pooling.globalAverageForward(
          batch: site.inputTypes[0].imageCount(batch: context.batch), pixels: pixels,
          channels: channels, x: context.floats(bindings.inputs[0]),
          y: context.floats(bindings.output), team: context.team)
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      return { context in
        Pooling.globalAverageBackward(
          batch: site.inputTypes[0].imageCount(batch: context.batch), pixels: pixels,
          channels: channels, dy: context.floats(bindings.outputGradient),
          dx: context.floats(target.place), accumulate: target.accumulates, team: context.team)
      }
    }
    instructions.accumulatingInputs = [0]
    return instructions
  }
}
