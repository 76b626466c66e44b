import Kernels

/// The maximum or the mean over windows of images `[batch, height, width, channels]`.
package struct PoolingOperation: Operation {
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

  package func requirements(for site: OperationSite) -> Requirements {
    var requirements = Requirements()
    requirements.accumulatingInputs = [0]
    if statistic == .maximum {
      let count = site.outputType.count(batch: site.maximumBatch)
      requirements.kept = [count]
      // Where nothing goes backward, the places of the maxima still need somewhere to be.
      requirements.forwardScratch = (count + 3) / 4
    }
    return requirements
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let (statistic, geometry) = (statistic, plannedGeometry(site))
    let indices = site.kept.first ?? site.scratch
    return { context in
      let batch = site.inputTypes[0].imageCount(batch: context.batch)
      let (x, y) = (context.floats(site.inputs[0]), context.floats(site.output))
      switch statistic {
      case .maximum:
        Pooling.maximumForward(
          geometry, batch: batch, x: x, y: y,
          indices: context.bytes(indices).assumingMemoryBound(to: UInt8.self),
          team: context.team)
      case .average:
        Pooling.averageForward(geometry, batch: batch, x: x, y: y, team: context.team)
      }
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let (statistic, geometry) = (statistic, plannedGeometry(site.forward))
    guard let target = site.inputGradients[0] else { return { _ in } }
    return { context in
      let batch = site.forward.inputTypes[0].imageCount(batch: context.batch)
      let (dy, dx) = (context.floats(site.outputGradient), context.floats(target.place))
      switch statistic {
      case .maximum:
        Pooling.maximumBackward(
          geometry, batch: batch, dy: dy,
          indices: context.bytes(site.forward.kept[0]).assumingMemoryBound(to: UInt8.self),
          dx: dx, accumulate: target.accumulates, team: context.team)
      case .average:
        Pooling.averageBackward(
          geometry, batch: batch, dy: dy, dx: dx, accumulate: target.accumulates,
          team: context.team)
      }
    }
  }

  private func plannedGeometry(_ site: OperationSite) -> PoolingGeometry {
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
package struct GlobalAveragePoolingOperation: Operation {
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

  package func requirements(for site: OperationSite) -> Requirements {
    var requirements = Requirements()
    requirements.accumulatingInputs = [0]
    return requirements
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let image = site.inputTypes[0].dimensions.dropFirst().compactMap(\.fixedValue)
    return { context in
      Pooling.globalAverageForward(
        batch: site.inputTypes[0].imageCount(batch: context.batch), pixels: image[0] * image[1],
        channels: image[2], x: context.floats(site.inputs[0]), y: context.floats(site.output),
        team: context.team)
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let image = site.forward.inputTypes[0].dimensions.dropFirst().compactMap(\.fixedValue)
    guard let target = site.inputGradients[0] else { return { _ in } }
    return { context in
      Pooling.globalAverageBackward(
        batch: site.forward.inputTypes[0].imageCount(batch: context.batch),
        pixels: image[0] * image[1], channels: image[2],
        dy: context.floats(site.outputGradient), dx: context.floats(target.place),
        accumulate: target.accumulates, team: context.team)
    }
  }
}
