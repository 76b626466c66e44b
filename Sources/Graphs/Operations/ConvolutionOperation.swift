package import Kernels
import Tensors
package import Threads

/// A two-dimensional convolution: images `[batch, height, width, channels]` with weights
/// `[height, width, inputChannels / groups, outputChannels]`; after fusion with a bias
/// `[outputChannels]`, an activation and a maximum over windows; in inference also with the
/// normalisation of its result, whose factors and offsets then are part of weights and bias, and with
/// an addition to its result; the first of a network with the scaling of its images.
package struct ConvolutionOperation: Operation {
  package static let kind = "conv2d"
  package static let inputCounts = 2...2
  package let window: WindowAttributes
  private let groups: Int
  private var epilogue = Epilogue.none
  /// Normalises the sums, before the activation: its four parameters are the inputs behind the bias.
  private var normalization: BatchNormalizationOperation?
  /// Whether the last input is added to the result, before the activation.
  private var hasAddend = false
  /// Takes maxima of the result, after the epilogue.
  private var pool: PoolingOperation?
  /// Scales the images, before anything else; no gradient of them is wanted.
  private var imageScale: ImageScale?

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
    with next: any Operation, slot: Int, operands: [NodeType], output: NodeType, isInference: Bool
  ) -> (any Operation)? {
    guard pool == nil else { return nil }
    var result = self
    if isInference, !hasAddend, !epilogue.hasActivation, next.isSum(of: operands, like: output) {
      result.hasAddend = true
      return result
    }
    if let next = next as? PoolingOperation, next.statistic == .maximum, !hasAddend {
      let image = output.dimensions.dropFirst().compactMap(\.fixedValue)
      guard PooledConvolution.pays(outputCount: image.reduce(1, *), places: next.size.area)
      else { return nil }
      result.pool = next
      return result
    }
    if let next = next as? BatchNormalizationOperation {
      guard isInference, slot == 0, normalization == nil, !epilogue.hasActivation, !hasAddend
      else { return nil }
      result.normalization = next
      return result
    }
    guard (normalization == nil && !hasAddend) || next is UnaryOperation,
      let epilogue = epilogue.extended(by: next, slot: slot, operands: operands, output: output)
    else { return nil }
    result.epilogue = epilogue
    return result
  }

  package func scalingInput(
    by scale: ScaleOperation, isInference: Bool
  ) -> (any Operation)? {
    guard let (scale, offset) = scale.single else { return nil }
    var result = self
    result.imageScale = ImageScale(scale: scale, offset: offset)
    return result
  }

  /// What computes the operation.
  private struct Kernel {
    var geometry: ConvolutionGeometry
    var algorithm: ConvolutionAlgorithm
    var pooled: PooledConvolution?

    func preparedCount(_ pass: ConvolutionPass) -> Int {
      Convolution.preparedCount(geometry, pass: pass, algorithm: algorithm)
    }

    /// Floats at the start of the backward scratch that hold the weights for the gradient of images.
    var preparedForData: Int { (preparedCount(.backwardData) + 15) / 16 * 16 }
  }

  // Prepared weights of a normalised convolution: the bias that it then has, then, if the algorithm
  // prepares nothing itself, the weights.
  private func foldedCount(_ kernel: Kernel) -> Int {
    guard normalization != nil else { return 0 }
    let bias = (kernel.geometry.outputChannels + 15) / 16 * 16
    return kernel.preparedCount(.forward) > 0 ? bias : bias + kernel.geometry.weightCount
  }

  private func kernel(_ site: OperationSite) -> Kernel {
    kernel(inputs: site.inputTypes, named: site.convolution)
  }

  private func kernel(inputs: [NodeType], named: ConvolutionAlgorithm?) -> Kernel {
    let geometry = plannedGeometry(inputs)
    let algorithm = named?.supported(for: geometry)
    guard let pool else {
      return Kernel(geometry: geometry, algorithm: algorithm ?? .recommended(for: geometry))
    }
    let pooled = PooledConvolution(
      convolution: geometry, pooling: pool.geometry(of: geometry), algorithm: algorithm)
    return Kernel(geometry: pooled.convolution, algorithm: pooled.algorithm, pooled: pooled)
  }

  package func algorithm(
    inputs: [NodeType], named: ConvolutionAlgorithm?
  ) -> ConvolutionAlgorithm? {
    kernel(inputs: inputs, named: named).algorithm
  }

  package func requirements(for site: OperationSite) -> Requirements {
    let kernel = kernel(site)
    let batch = site.inputTypes[0].imageCount(batch: site.maximumBatch)
    let count = site.outputType.count(batch: site.maximumBatch)
    var requirements = Requirements()
    requirements.inputsForBackward = [0, 1]
    requirements.outputForBackward = epilogue.hasActivation
    requirements.accumulatingInputs = [0]
    requirements.prepared = foldedCount(kernel) + kernel.preparedCount(.forward)
    requirements.preparationScratch = normalization == nil ? 0 : kernel.geometry.weightCount
    var backward = Reductions.sumRowsScratchCount(
      rows: count / kernel.geometry.outputChannels, columns: kernel.geometry.outputChannels)
    if let pooled = kernel.pooled {
      requirements.kept = [count]
      requirements.forwardScratch = pooled.forwardScratchCount(
        maximumBatch: batch, threadCount: site.threadCount)
      backward = max(
        backward,
        pooled.backwardScratchCount(maximumBatch: batch, threadCount: site.threadCount))
    } else {
      func scratch(_ pass: ConvolutionPass) -> Int {
        Convolution.scratchCount(
          kernel.geometry, maximumBatch: batch, pass: pass, threadCount: site.threadCount,
          algorithm: kernel.algorithm)
      }
      requirements.forwardScratch = scratch(.forward)
      if !hasAddend && Convolution.takesMoments(of: epilogue.function) {
        requirements.outputMoments = Convolution.momentCount(
          kernel.geometry, maximumBatch: batch, algorithm: kernel.algorithm)
      }
      backward = max(backward, scratch(.backwardData), scratch(.backwardWeights))
    }
    requirements.backwardScratch = kernel.preparedForData + backward
    if imageScale != nil {
      // The backward pass reads the images as they were scaled.
      let image = planesCount(kernel) ?? kernel.geometry.inputCount
      requirements.inputsForBackward = [1]
      requirements.kept.append(batch * image * 4)
      requirements.forwardScratch += scaledCount(kernel, batch)
    }
    return requirements
  }

  /// Floats of an image in the form in which the kernel itself scales and keeps it, or nil if it does not.
  private func planesCount(_ kernel: Kernel) -> Int? {
    imageScale == nil ? nil : kernel.pooled?.planesCount(function: epilogue.function)
  }

  /// Floats at the start of the forward scratch for images that are scaled before the kernel runs.
  private func scaledCount(_ kernel: Kernel, _ batch: Int) -> Int {
    if imageScale == nil || planesCount(kernel) != nil { return 0 }
    return (batch * kernel.geometry.inputCount + 15) / 16 * 16
  }

  package func prepare(_ site: OperationSite) -> Instruction {
    let (kernel, epilogue, normalization) = (kernel(site), epilogue, normalization)
    let (geometry, foldedCount) = (kernel.geometry, foldedCount(kernel))
    let firstParameter = epilogue.hasBias ? 3 : 2
    return { context in
      var weights = context.floats(site.inputs[1])
      let prepared = context.floats(site.prepared)
      if let normalization {
        let parameters = site.inputs[firstParameter...].prefix(4).map { context.floats($0) }
        // Where the algorithm takes weights as they are, they are kept behind the bias.
        let folded =
          kernel.preparedCount(.forward) > 0
          ? context.floats(site.preparationScratch)
          : prepared + foldedCount - geometry.weightCount
        BatchNormalization.fold(
          weightRows: geometry.patchSize, channels: geometry.outputChannels, weights: weights,
          bias: epilogue.hasBias ? context.floats(site.inputs[2]) : nil, gamma: parameters[0],
          beta: parameters[1], epsilon: normalization.epsilon, runningMean: parameters[2],
          runningVariance: parameters[3], intoWeights: folded, intoBias: prepared)
        weights = folded
      }
      Convolution.prepare(
        geometry, pass: .forward, weights: weights, into: prepared + foldedCount,
        team: context.team, algorithm: kernel.algorithm)
    }
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let (kernel, epilogue) = (kernel(site), epilogue)
    let (isFolded, foldedCount) = (normalization != nil, foldedCount(kernel))
    let isPrepared = kernel.preparedCount(.forward) > 0
    let addend = hasAddend ? site.inputs.last : nil
    let (imageScale, takesPlanes) = (imageScale, planesCount(kernel) != nil)
    let keptImages = imageScale == nil ? nil : site.kept.last
    let scaledCount = scaledCount(
      kernel, site.inputTypes[0].imageCount(batch: site.maximumBatch))
    return { context in
      let batch = site.inputTypes[0].imageCount(batch: context.batch)
      var x = context.floats(site.inputs[0])
      let y = context.floats(site.output)
      let scratch = context.floats(site.scratch) + scaledCount
      if let imageScale, !takesPlanes {
        let scaled = context.floats(keptImages) ?? context.floats(site.scratch)
        Elementwise.affine(
          count: batch * kernel.geometry.inputCount, x: x, scale: imageScale.scale,
          offset: imageScale.offset, y: scaled, team: context.team)
        x = scaled
      }
      var weights = context.floats(site.inputs[1])
      var prepared = weights
      var bias = epilogue.hasBias ? context.floats(site.inputs[2]) : nil
      if isPrepared || isFolded { prepared = context.floats(site.prepared) }
      if isFolded {
        bias = prepared
        if !isPrepared { weights = prepared + foldedCount - kernel.geometry.weightCount }
        prepared += foldedCount
      }
      if let pooled = kernel.pooled {
        pooled.forward(
          batch: batch, x: x, scale: takesPlanes ? imageScale : nil,
          planes: takesPlanes ? context.floats(keptImages) : nil, weights: weights,
          prepared: prepared, bias: bias,
          function: epilogue.function, parameter: epilogue.parameter, y: y,
          indices: site.kept.first.map {
            context.bytes($0).assumingMemoryBound(to: UInt8.self)
          }, scratch: scratch, team: context.team)
      } else {
        Convolution.forward(
          kernel.geometry, batch: batch, x: x, weights: weights, prepared: prepared, bias: bias,
          addend: context.floats(addend), function: epilogue.function,
          parameter: epilogue.parameter, y: y, moments: context.floats(site.outputMoments),
          scratch: scratch, team: context.team, algorithm: kernel.algorithm)
      }
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let (kernel, epilogue) = (kernel(site.forward), epilogue)
    let (data, weights) = (site.inputGradients[0], site.inputGradients[1])
    let bias = epilogue.hasBias ? site.inputGradients[2] : nil
    let notesDerivative =
      kernel.pooled != nil && PooledConvolution.notesDerivative(of: epilogue.function)
    let takesPlanes = planesCount(kernel) != nil
    let images =
      imageScale == nil ? site.forward.inputs[0] : site.forward.kept[site.forward.kept.count - 1]
    return { context in
      let batch = site.forward.inputTypes[0].imageCount(batch: context.batch)
      let count = site.forward.outputType.count(batch: context.batch)
      let (x, dz) = (context.floats(images), context.floats(site.outputGradient))
      let values = context.floats(site.forward.inputs[1])
      let prepared = context.floats(site.scratch)
      let scratch = prepared + kernel.preparedForData
      // The derivative of the activation at a maximum is that at the pixel that it came from. The
      // places of maxima may say it too, but not to the sum below.
      if !notesDerivative || weights == nil {
        epilogue.backward(count: count, y: site.forward.output, dy: dz, context: context)
      }
      if data != nil {
        Convolution.prepare(
          kernel.geometry, pass: .backwardData, weights: values, into: prepared,
          team: context.team, algorithm: kernel.algorithm)
      }
      let dx = context.floats(data?.place)
      let dWeights = context.floats(weights?.place)
      let dBias = weights == nil ? nil : context.floats(bias?.place)
      if let pooled = kernel.pooled {
        pooled.backward(
          batch: batch, x: x, planes: takesPlanes ? UnsafePointer(x) : nil, dy: dz,
          indices: context.bytes(site.forward.kept[0]).assumingMemoryBound(to: UInt8.self),
          weights: values, prepared: prepared, dx: dx, addsToImages: data?.accumulates ?? false,
          dWeights: dWeights, dBias: dBias, scratch: scratch, team: context.team)
      } else {
        Convolution.backward(
          kernel.geometry, batch: batch, x: x, dz: dz, weights: values, prepared: prepared,
          dx: dx, addsToImages: data?.accumulates ?? false, dWeights: dWeights, dBias: dBias,
          addsToWeights: false, scratch: scratch, team: context.team,
          algorithm: kernel.algorithm)
      }
      if let bias, weights == nil {
        // A maximum passes its gradient on to one pixel, so pooling does not change the sum.
        Reductions.sumRows(
          rows: count / kernel.geometry.outputChannels, columns: kernel.geometry.outputChannels,
          x: dz, into: context.floats(bias.place), accumulate: false, scratch: scratch,
          team: context.team)
      }
    }
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
