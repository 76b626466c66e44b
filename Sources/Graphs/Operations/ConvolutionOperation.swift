import Kernels
import Tensors

/// A two-dimensional convolution: images `[batch, height, width, channels]` with weights
/// `[height, width, inputChannels / groups, outputChannels]`; after fusion with a bias
/// `[outputChannels]`, an activation and a maximum over windows.
package struct ConvolutionOperation: Operation {
  package static let kind = "conv2d"
  package static let inputCounts = 2...2
  package let window: WindowAttributes
  private let groups: Int
  private var epilogue = Epilogue.none
  /// Takes maxima of the result, after the epilogue.
  private var pool: PoolingOperation?

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

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    let weights = inputs[1].fixedShape
    return 2 * output.count(batch: batch) * weights[0] * weights[1] * weights[2]
  }

  package func fused(
    with next: any Operation, slot: Int, operands: [NodeType], output: NodeType
  ) -> (any Operation)? {
    guard pool == nil else { return nil }
    var result = self
    if let next = next as? PoolingOperation, next.statistic == .maximum {
      let image = output.dimensions.dropFirst().compactMap(\.fixedValue)
      guard PooledConvolution.pays(outputCount: image.reduce(1, *)) else { return nil }
      result.pool = next
      return result
    }
    guard
      let epilogue = epilogue.extended(by: next, slot: slot, operands: operands, output: output)
    else { return nil }
    result.epilogue = epilogue
    return result
  }

  package func requirements(for site: OperationSite) -> Requirements {
    let geometry = plannedGeometry(site)
    let batch = site.inputTypes[0].imageCount(batch: site.maximumBatch)
    func scratch(_ pass: ConvolutionPass) -> Int {
      Convolution.scratchCount(
        geometry, maximumBatch: batch, pass: pass, threadCount: site.threadCount)
    }
    var requirements = Requirements()
    requirements.inputsForBackward = [0, 1]
    requirements.outputForBackward = epilogue.hasActivation
    requirements.accumulatingInputs = [0]
    requirements.prepared = Convolution.preparedCount(geometry, pass: .forward)
    if let layer = pooled(geometry) {
      requirements.kept = [site.outputType.count(batch: site.maximumBatch)]
      requirements.forwardScratch = layer.forwardScratchCount(
        maximumBatch: batch, threadCount: site.threadCount)
      requirements.backwardScratch =
        preparedForData(geometry)
        + max(
          layer.backwardScratchCount(maximumBatch: batch, threadCount: site.threadCount),
          Reductions.sumRowsScratchCount(
            rows: site.outputType.count(batch: site.maximumBatch) / geometry.outputChannels,
            columns: geometry.outputChannels))
      return requirements
    }
    requirements.forwardScratch = scratch(.forward)
    requirements.backwardScratch =
      preparedForData(geometry)
      + max(
        scratch(.backwardData), scratch(.backwardWeights),
        epilogue.hasBias
          ? Reductions.sumRowsScratchCount(
            rows: batch * geometry.outputPixels, columns: geometry.outputChannels) : 0)
    return requirements
  }

  /// Floats at the start of the backward scratch that hold the weights for the gradient of images.
  private func preparedForData(_ geometry: ConvolutionGeometry) -> Int {
    (Convolution.preparedCount(geometry, pass: .backwardData) + 15) / 16 * 16
  }

  private func pooled(_ geometry: ConvolutionGeometry) -> PooledConvolution? {
    pool.map {
      PooledConvolution(convolution: geometry, pooling: $0.geometry(of: geometry), algorithm: nil)
    }
  }

  package func prepare(_ site: OperationSite) -> Instruction {
    let geometry = plannedGeometry(site)
    return { context in
      Convolution.prepare(
        geometry, pass: .forward, weights: context.floats(site.inputs[1]),
        into: context.floats(site.prepared), team: context.team)
    }
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let (geometry, epilogue) = (plannedGeometry(site), epilogue)
    let bias = epilogue.hasBias ? site.inputs[2] : nil
    let isPrepared = Convolution.preparedCount(geometry, pass: .forward) > 0
    let pooled = pooled(geometry)
    return { context in
      let weights = context.floats(site.inputs[1])
      if let pooled {
        pooled.forward(
          batch: site.inputTypes[0].imageCount(batch: context.batch),
          x: context.floats(site.inputs[0]), weights: weights,
          prepared: isPrepared ? context.floats(site.prepared) : weights,
          bias: context.floats(bias), function: epilogue.function, parameter: epilogue.parameter,
          y: context.floats(site.output),
          indices: site.kept.first.map {
            context.bytes($0).assumingMemoryBound(to: UInt8.self)
          }, scratch: context.floats(site.scratch), team: context.team)
        return
      }
      Convolution.forward(
        geometry, batch: site.inputTypes[0].imageCount(batch: context.batch),
        x: context.floats(site.inputs[0]), weights: weights,
        prepared: isPrepared ? context.floats(site.prepared) : weights,
        bias: context.floats(bias), function: epilogue.function, parameter: epilogue.parameter,
        y: context.floats(site.output), scratch: context.floats(site.scratch), team: context.team)
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let (geometry, epilogue) = (plannedGeometry(site.forward), epilogue)
    let (data, weights) = (site.inputGradients[0], site.inputGradients[1])
    let bias = epilogue.hasBias ? site.inputGradients[2] : nil
    let preparedCount = preparedForData(geometry)
    let pooled = pooled(geometry)
    return { context in
      let images = site.forward.inputTypes[0].imageCount(batch: context.batch)
      let count = site.forward.outputType.count(batch: context.batch)
      let dz = context.floats(site.outputGradient)
      let values = context.floats(site.forward.inputs[1])
      let prepared = context.floats(site.scratch)
      let scratch = prepared + preparedCount
      epilogue.backward(count: count, y: site.forward.output, dy: dz, context: context)
      if data != nil {
        Convolution.prepare(
          geometry, pass: .backwardData, weights: values, into: prepared, team: context.team)
      }
      if let pooled {
        pooled.backward(
          batch: images, x: context.floats(site.forward.inputs[0]), dy: dz,
          indices: context.bytes(site.forward.kept[0]).assumingMemoryBound(to: UInt8.self),
          weights: values, prepared: prepared, dx: context.floats(data?.place),
          addsToImages: data?.accumulates ?? false, dWeights: context.floats(weights?.place),
          dBias: weights == nil ? nil : context.floats(bias?.place), scratch: scratch,
          team: context.team)
      } else {
        Convolution.backward(
          geometry, batch: images, x: context.floats(site.forward.inputs[0]), dz: dz,
          weights: values, prepared: prepared, dx: context.floats(data?.place),
          addsToImages: data?.accumulates ?? false, dWeights: context.floats(weights?.place),
          dBias: weights == nil ? nil : context.floats(bias?.place), addsToWeights: false,
          scratch: scratch, team: context.team)
      }
      if let bias, weights == nil {
        // A maximum passes its gradient on to one pixel, so pooling does not change the sum.
        Reductions.sumRows(
          rows: count / geometry.outputChannels, columns: geometry.outputChannels, x: dz,
          into: context.floats(bias.place), accumulate: false, scratch: scratch,
          team: context.team)
      }
    }
  }

  private func plannedGeometry(_ site: OperationSite) -> ConvolutionGeometry {
    do {
      return try geometry(site.inputTypes[0], site.inputTypes[1])
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
