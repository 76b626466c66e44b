import Kernels
import Threads

/// The buffers of a convolution's kernel.
struct ConvolutionMemory: Sendable {
  /// The bias that a normalised convolution has; nil without normalisation.
  private(set) var foldedBias: BufferHandle?
  /// The weights of a normalised convolution, where the algorithm takes weights as they are.
  private(set) var foldedWeights: BufferHandle?
  /// The weights in the algorithm's form; nil where it takes them as they are.
  private(set) var forwardWeights: BufferHandle?
  /// Those for the gradient of the images, where that is wanted and the algorithm has such a form.
  private(set) var backwardWeights: BufferHandle?
  /// The images as they were scaled before the kernel runs.
  private(set) var scaledImages: BufferHandle?
  /// The scaled images in the form in which the kernel itself scales and keeps them.
  private(set) var planes: BufferHandle?
  /// Whether the kernel scales the images itself.
  private(set) var takesPlanes = false
  /// Where the maxima came from; nil where nothing goes backward.
  private(set) var maximumPlaces: BufferHandle?
  let forwardScratch: BufferHandle
  let backwardScratch: BufferHandle

  /// Asks for all that a kernel needs for `batch` images.
  init(
    _ kernel: ConvolutionKernel, _ choice: ConvolutionKernel.Choice, _ site: KernelSite, batch: Int,
    _ buffers: inout KernelBuffers
  ) {
    let geometry = choice.geometry
    let outputCount = site.outputType.count(batch: site.maximumBatch)
    if let pooled = choice.pooled {
      if site.isDifferentiated { maximumPlaces = buffers.saved(bytes: outputCount) }
      forwardScratch = buffers.scratch(
        floats: pooled.forwardScratchCount(maximumBatch: batch, threadCount: site.threadCount),
        .forward)
    } else {
      forwardScratch = buffers.scratch(
        floats: Self.scratchCount(choice, .forward, batch: batch, site), .forward)
    }
    backwardScratch = buffers.scratch(
      floats: Self.backwardScratchCount(choice, site, batch: batch, outputCount: outputCount),
      .backward)
    askForImages(kernel, choice, site, batch: batch, &buffers)
    askForWeights(kernel, choice, &buffers)
    if site.wantsGradient[0] {
      backwardWeights = Self.packed(choice, .backwardData, for: .backward, &buffers)
    }
  }

  private static func scratchCount(
    _ choice: ConvolutionKernel.Choice, _ pass: ConvolutionPass, batch: Int, _ site: KernelSite
  ) -> Int {
    Convolution.scratchCount(
      choice.geometry, maximumBatch: batch, pass: pass, threadCount: site.threadCount,
      algorithm: choice.algorithm)
  }

  private static func backwardScratchCount(
    _ choice: ConvolutionKernel.Choice, _ site: KernelSite, batch: Int, outputCount: Int
  ) -> Int {
    let channels = choice.geometry.outputChannels
    let passes =
      choice.pooled?.backwardScratchCount(maximumBatch: batch, threadCount: site.threadCount)
      ?? max(
        scratchCount(choice, .backwardData, batch: batch, site),
        scratchCount(choice, .backwardWeights, batch: batch, site))
    return max(
      passes, Reductions.sumRowsScratchCount(rows: outputCount / channels, columns: channels))
  }

  /// Asks for memory for scaled images, which the backward pass reads.
  private mutating func askForImages(
    _ kernel: ConvolutionKernel, _ choice: ConvolutionKernel.Choice, _ site: KernelSite,
    batch: Int, _ buffers: inout KernelBuffers
  ) {
    guard kernel.imageScale != nil else { return }
    if let planesCount = choice.pooled?.planesCount(function: kernel.epilogue.function) {
      takesPlanes = true
      if site.isDifferentiated { planes = buffers.saved(floats: batch * planesCount) }
    } else {
      scaledImages = buffers.saved(floats: batch * choice.geometry.inputCount)
    }
  }

  private mutating func askForWeights(
    _ kernel: ConvolutionKernel, _ choice: ConvolutionKernel.Choice,
    _ buffers: inout KernelBuffers
  ) {
    guard let epsilon = kernel.normalizationEpsilon else {
      forwardWeights = Self.packed(choice, .forward, for: .forward, &buffers)
      return
    }
    let (geometry, algorithm) = (choice.geometry, choice.algorithm)
    let hasBias = kernel.epilogue.hasBias
    let firstParameter = hasBias ? 3 : 2
    let parameters = Array(firstParameter..<firstParameter + 4)
    let preparedCount = choice.preparedCount(.forward)
    let isPrepared = preparedCount > 0
    let handles = buffers.packed(
      [1] + (hasBias ? [2] : []) + parameters,
      as: PackedForm(
        ConvolutionForm(
          geometry: geometry, algorithm: algorithm, pass: .forward, normalizationEpsilon: epsilon,
          hasBias: hasBias)),
      floats: [geometry.outputChannels, isPrepared ? preparedCount : geometry.weightCount],
      scratchFloats: isPrepared ? geometry.weightCount : 0, for: .forward
    ) { bindings, targets, scratch in
      let folded = isPrepared ? scratch : targets[1]
      let inputs = bindings.inputs
      return { context in
        let values = parameters.map { context.floats(inputs[$0]) }
        BatchNormalization.fold(
          weightRows: geometry.patchSize, channels: geometry.outputChannels,
          weights: context.floats(inputs[1]), bias: hasBias ? context.floats(inputs[2]) : nil,
          gamma: values[0], beta: values[1], epsilon: epsilon, runningMean: values[2],
          runningVariance: values[3], intoWeights: context.floats(folded),
          intoBias: context.floats(targets[0]))
        guard isPrepared else { return }
        Convolution.prepare(
          geometry, pass: .forward, weights: context.floats(folded),
          into: context.floats(targets[1]), team: context.team, algorithm: algorithm)
      }
    }
    foldedBias = handles[0]
    if isPrepared { forwardWeights = handles[1] } else { foldedWeights = handles[1] }
  }

  /// The weights in the form of a pass; nil where the algorithm takes them as they are.
  private static func packed(
    _ choice: ConvolutionKernel.Choice, _ pass: ConvolutionPass, for planned: KernelBuffers.Pass,
    _ buffers: inout KernelBuffers
  ) -> BufferHandle? {
    let (geometry, algorithm) = (choice.geometry, choice.algorithm)
    let count = choice.preparedCount(pass)
    guard count > 0 else { return nil }
    let form = ConvolutionForm(geometry: geometry, algorithm: algorithm, pass: pass)
    return buffers.packed([1], as: PackedForm(form), floats: [count], for: planned) {
      bindings, targets, _ in
      { context in
        Convolution.prepare(
          geometry, pass: pass, weights: context.floats(bindings.inputs[1]),
          into: context.floats(targets[0]), team: context.team, algorithm: algorithm)
      }
    }[0]
  }
}

/// What tells one form of a convolution's weights from another.
private struct ConvolutionForm: Hashable, Sendable {
  var geometry: ConvolutionGeometry
  var algorithm: ConvolutionAlgorithm
  var pass: ConvolutionPass
  var normalizationEpsilon: Float?
  var hasBias = false
}
