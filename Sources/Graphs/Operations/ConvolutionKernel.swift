import Kernels
import Tensors
import Threads

/// Computes a convolution, with what a plan joins with it: a bias `[outputChannels]`, an activation and a
/// maximum over windows; in inference also the normalisation of its result, whose factors and offsets then
/// are part of weights and bias, and an addition to its result; the first of a network with the scaling
/// of its images.
struct ConvolutionKernel: FusibleKernel {
  let convolution: ConvolutionOperation
  private(set) var epilogue = Epilogue.none
  /// The small number of the normalisation of the sums, before the activation: its four parameters are the
  /// inputs behind the bias.
  private(set) var normalizationEpsilon: Float?
  /// Whether the last input is added to the result, before the activation.
  private(set) var hasAddend = false
  /// Takes maxima of the result, after the epilogue.
  private(set) var pool: PoolingOperation?
  /// Scales the images, before anything else; no gradient of them is wanted.
  private(set) var imageScale: ImageScale?

  init(_ convolution: ConvolutionOperation) {
    self.convolution = convolution
  }

  var kind: String { ConvolutionOperation.kind }

  // MARK: Joining

  func addingBias() -> (any FusibleKernel)? {
    guard pool == nil, normalizationEpsilon == nil, !hasAddend else { return nil }
    return with(epilogue: epilogue.addingBias())
  }

  func applying(_ function: ElementwiseFunction, parameter: Float) -> (any FusibleKernel)? {
    guard pool == nil else { return nil }
    return with(epilogue: epilogue.applying(function, parameter: parameter))
  }

  private func with(epilogue: Epilogue?) -> ConvolutionKernel? {
    guard let epilogue else { return nil }
    var result = self
    result.epilogue = epilogue
    return result
  }

  func addingValue(isInference: Bool) -> (any FusibleKernel)? {
    guard isInference, pool == nil, !hasAddend, !epilogue.hasActivation else { return nil }
    var result = self
    result.hasAddend = true
    return result
  }

  func takingMaxima(_ pooling: PoolingOperation, of output: NodeType) -> (any FusibleKernel)? {
    guard pool == nil, !hasAddend else { return nil }
    let image = output.dimensions.dropFirst().compactMap(\.fixedValue)
    guard PooledConvolution.pays(outputCount: image.reduce(1, *), places: pooling.size.area)
    else { return nil }
    var result = self
    result.pool = pooling
    return result
  }

  func normalized(epsilon: Float) -> (any FusibleKernel)? {
    guard pool == nil, normalizationEpsilon == nil, !epilogue.hasActivation, !hasAddend
    else { return nil }
    var result = self
    result.normalizationEpsilon = epsilon
    return result
  }

  func scalingInput(scale: Float, offset: Float, isInference: Bool) -> (any FusibleKernel)? {
    var result = self
    result.imageScale = ImageScale(scale: scale, offset: offset)
    return result
  }

  // MARK: Planning

  /// The convolution's sizes and the algorithm that computes it.
  struct Choice {
    var geometry: ConvolutionGeometry
    var algorithm: ConvolutionAlgorithm
    var pooled: PooledConvolution?

    func preparedCount(_ pass: ConvolutionPass) -> Int {
      Convolution.preparedCount(geometry, pass: pass, algorithm: algorithm)
    }
  }

  /// How the convolution is computed.
  ///
  /// - Parameter named: The algorithm that was asked for; nil leaves it to the rule.
  func choice(inputs: [NodeType], named: ConvolutionAlgorithm?) -> Choice {
    let geometry = convolution.plannedGeometry(inputs)
    let algorithm = named?.supported(for: geometry)
    guard let pool else {
      return Choice(geometry: geometry, algorithm: algorithm ?? .recommended(for: geometry))
    }
    let pooled = PooledConvolution(
      convolution: geometry, pooling: pool.geometry(of: geometry), algorithm: algorithm)
    return Choice(geometry: pooled.convolution, algorithm: pooled.algorithm, pooled: pooled)
  }

  func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let choice = choice(inputs: site.inputTypes, named: site.convolution)
    let batch = site.inputTypes[0].imageCount(batch: site.maximumBatch)
    let memory = ConvolutionMemory(self, choice, site, batch: batch, &buffers)
    var instructions = KernelInstructions(
      forward: { forward(choice, site, memory, $0) },
      backward: { backward(choice, site, memory, $0) })
    // The backward pass reads the images as they were scaled.
    instructions.inputsForBackward = imageScale == nil ? [0, 1] : [1]
    instructions.outputForBackward = epilogue.hasActivation
    instructions.accumulatingInputs = [0]
    if choice.pooled == nil && !hasAddend && Convolution.takesMoments(of: epilogue.function) {
      instructions.outputMoments = Convolution.momentCount(
        choice.geometry, maximumBatch: batch, algorithm: choice.algorithm)
    }
    return instructions
  }

  // MARK: Passes

  private func forward(
    _ choice: Choice, _ site: KernelSite, _ memory: ConvolutionMemory, _ bindings: KernelBindings
  ) -> Instruction {
    let (epilogue, imageScale) = (epilogue, imageScale)
    let addend = hasAddend ? bindings.inputs.last : nil
    let bias =
      memory.foldedBias.map { bindings[$0] } ?? (epilogue.hasBias ? bindings.inputs[2] : nil)
    let weights = memory.foldedWeights.map { bindings[$0] } ?? bindings.inputs[1]
    let prepared = bindings[memory.forwardWeights] ?? weights
    let (scaled, planes) = (bindings[memory.scaledImages], bindings[memory.planes])
    let (indices, scratch) = (bindings[memory.maximumPlaces], bindings[memory.forwardScratch])
    return { context in
      let batch = site.inputTypes[0].imageCount(batch: context.batch)
      var x = context.floats(bindings.inputs[0])
      let y = context.floats(bindings.output)
      if let imageScale, let scaled {
        let images = context.floats(scaled)
        Elementwise.affine(
          count: batch * choice.geometry.inputCount, x: x, scale: imageScale.scale,
          offset: imageScale.offset, y: images, team: context.team)
        x = images
      }
      if let pooled = choice.pooled {
        pooled.forward(
          batch: batch, x: x, scale: memory.takesPlanes ? imageScale : nil,
          planes: context.floats(planes), weights: context.floats(weights),
          prepared: context.floats(prepared), bias: context.floats(bias),
          function: epilogue.function, parameter: epilogue.parameter, y: y,
          indices: indices.map { context.bytes($0).assumingMemoryBound(to: UInt8.self) },
          scratch: context.floats(scratch), team: context.team)
      } else {
        Convolution.forward(
          choice.geometry, batch: batch, x: x, weights: context.floats(weights),
          prepared: context.floats(prepared), bias: context.floats(bias),
          addend: context.floats(addend), function: epilogue.function,
          parameter: epilogue.parameter, y: y, moments: context.floats(bindings.outputMoments),
          scratch: context.floats(scratch), team: context.team, algorithm: choice.algorithm)
      }
    }
  }

  private func backward(
    _ choice: Choice, _ site: KernelSite, _ memory: ConvolutionMemory, _ bindings: BackwardBindings
  ) -> Instruction {
    let epilogue = epilogue
    let (data, weights) = (bindings.inputGradients[0], bindings.inputGradients[1])
    let bias = epilogue.hasBias ? bindings.inputGradients[2] : nil
    let notesDerivative =
      choice.pooled != nil && PooledConvolution.notesDerivative(of: epilogue.function)
    let values = bindings.inputs[1]
    let images = bindings[memory.planes] ?? bindings[memory.scaledImages] ?? bindings.inputs[0]
    let (prepared, scratch) = (
      bindings[memory.backwardWeights] ?? values, bindings[memory.backwardScratch]
    )
    let indices = bindings[memory.maximumPlaces]
    return { context in
      let batch = site.inputTypes[0].imageCount(batch: context.batch)
      let count = site.outputType.count(batch: context.batch)
      let (x, dz) = (context.floats(images), context.floats(bindings.outputGradient))
      // The derivative of the activation at a maximum is that at the pixel that it came from. The
      // places of maxima may say it too, but not to the sum below.
      if !notesDerivative || weights == nil {
        epilogue.backward(count: count, y: bindings.forward.output, dy: dz, context: context)
      }
      let dx = context.floats(data?.place)
      let dWeights = context.floats(weights?.place)
      let dBias = weights == nil ? nil : context.floats(bias?.place)
      if let pooled = choice.pooled, let indices {
        pooled.backward(
          batch: batch, x: x, planes: memory.takesPlanes ? UnsafePointer(x) : nil, dy: dz,
          indices: context.bytes(indices).assumingMemoryBound(to: UInt8.self),
          weights: context.floats(values), prepared: context.floats(prepared), dx: dx,
          addsToImages: data?.accumulates ?? false, dWeights: dWeights, dBias: dBias,
          scratch: context.floats(scratch), team: context.team)
      } else {
        Convolution.backward(
          choice.geometry, batch: batch, x: x, dz: dz, weights: context.floats(values),
          prepared: context.floats(prepared), dx: dx, addsToImages: data?.accumulates ?? false,
          dWeights: dWeights, dBias: dBias, addsToWeights: false,
          scratch: context.floats(scratch), team: context.team, algorithm: choice.algorithm)
      }
      if let bias, weights == nil {
        // A maximum passes its gradient on to one pixel, so pooling does not change the sum.
        Reductions.sumRows(
          rows: count / choice.geometry.outputChannels, columns: choice.geometry.outputChannels,
          x: dz, into: context.floats(bias.place), accumulate: false,
          scratch: context.floats(scratch), team: context.team)
      }
    }
  }
}
