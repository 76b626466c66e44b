internal import CKernels
package import Threads

/// A convolution and the maxima over windows of its result, a few images at a time: what the
/// convolution writes is pooled while it is in a second-level cache, and never leaves it.
///
/// The backward pass spreads the gradient of some images over their windows, again in cache, and
/// goes on with them. For windows of 2 × 2 some shapes have kernels that take the maxima in registers,
/// and gradients of weights that multiply only what has a gradient.
package struct PooledConvolution: Sendable {
  /// The convolution, without what no window sees.
  package private(set) var convolution: ConvolutionGeometry
  private(set) var pooling: PoolingGeometry
  package private(set) var algorithm: ConvolutionAlgorithm
  /// What does both at once, where there is such a kernel.
  fileprivate private(set) var narrow: NarrowPooledConvolution?
  /// What takes the maxima, and spreads their gradient, in its transforms.
  fileprivate private(set) var winograd: WinogradConvolution?
  /// What computes the gradient of the weights instead of the algorithm.
  fileprivate private(set) var weightGradient: MaximaWeightGradient?

  /// - Parameters:
  ///   - convolution: The convolution.
  ///   - pooling: Its input is the convolution's output.
  ///   - algorithm: As in ``Convolution``.
  package init(
    convolution: ConvolutionGeometry, pooling: PoolingGeometry, algorithm: ConvolutionAlgorithm?
  ) {
    precondition(
      pooling.inputHeight == convolution.outputHeight
        && pooling.inputWidth == convolution.outputWidth
        && pooling.channels == convolution.outputChannels)
    self.algorithm = algorithm ?? .recommended(for: convolution)
    self.convolution = convolution
    self.pooling = pooling
    // A product of whole matrices leaves no pixels out.
    guard self.algorithm != .matrixProduct else { return }
    leaveOutUnseen()
    self.algorithm =
      algorithm ?? NarrowPooledConvolution.recommended(self.convolution, self.pooling)
      ?? .recommended(for: self.convolution)
    narrow = NarrowPooledConvolution(
      self.convolution, self.pooling, algorithm: self.algorithm)
    let method = Convolution.Method(self.algorithm, self.convolution)
    guard narrow == nil, self.pooling.isTwoByTwo, let winograd = method.winograd,
      // With more channels transforms cost less, and phases run over many images.
      winograd.isFused
    else { return }
    weightGradient = MaximaWeightGradient(self.convolution, self.pooling)
    if winograd.tilesAreWindows { self.winograd = winograd }
  }

  /// Leaves out lines and columns of the convolution's result that no window sees.
  private mutating func leaveOutUnseen() {
    let lines =
      pooling.inputHeight + pooling.padding.top
      - ((pooling.outputHeight - 1) * pooling.strideHeight + pooling.windowHeight)
    if lines > 0 {
      convolution.padding.bottom -= lines * convolution.strideHeight
      pooling.inputHeight -= lines
      pooling.padding.bottom = 0
    }
    let columns =
      pooling.inputWidth + pooling.padding.left
      - ((pooling.outputWidth - 1) * pooling.strideWidth + pooling.windowWidth)
    if columns > 0 {
      convolution.padding.right -= columns * convolution.strideWidth
      pooling.inputWidth -= columns
      pooling.padding.right = 0
    }
  }

  /// Whether the convolution's output image is small enough for a second-level cache, and a place in
  /// a window for the byte that also says that there is none.
  package static func pays(outputCount: Int, places: Int) -> Bool {
    outputCount <= blockFloats && places <= NK_NOWHERE
  }

  /// Whether the forward pass notes in its indices where the function has no derivative but zero, so
  /// that the backward pass does not need it applied.
  package static func notesDerivative(of function: ElementwiseFunction) -> Bool {
    function == .relu
  }

  /// Floats of an image in the form in which the forward pass can scale it and keep it for the backward
  /// pass, or nil if it does neither.
  package func planesCount(function: ElementwiseFunction) -> Int? {
    Self.takesMaximaInRegisters(function) ? narrow?.planesCount : nil
  }

  fileprivate static func takesMaximaInRegisters(_ function: ElementwiseFunction) -> Bool {
    function == .identity || function == .relu
  }

  /// Floats of a convolution's output that are held at a time: half a MiB.
  private static let blockFloats = 128 << 10

  /// Images that are convolved and pooled at a time: as many chunks as eight threads need at least, and
  /// with large batches some more; but few images make short products.
  private func images(_ batch: Int) -> Chunks { Chunks(of: batch, limit: mostImages(batch)) }

  /// The most images of a chunk, for any batch up to `maximumBatch`.
  private func mostImages(_ maximumBatch: Int) -> Int {
    let fitting = max(1, Self.blockFloats / convolution.outputCount)
    return max(1, min(fitting, 8, (maximumBatch + 7) / 8))
  }

  // MARK: Forward

  /// y = the maxima of f(x ∗ weights + bias).
  ///
  /// - Parameters:
  ///   - indices: As many as y; where in its window each element was, or nowhere, where relu cut it
  ///     off. Nil if nothing goes backward.
  ///   - scale: What the images go through before, or nil for nothing.
  ///   - planes: Where the images are kept for the backward pass, or nil; this and `scale` only where
  ///     there is a ``planesCount(function:)``.
  ///   - scratch: As many floats as ``forwardScratchCount(maximumBatch:threadCount:)`` says.
  package func forward(
    batch: Int, x: UnsafePointer<Float>, scale: ImageScale? = nil,
    planes: UnsafeMutablePointer<Float>? = nil, weights: UnsafePointer<Float>,
    prepared: UnsafePointer<Float>, bias: UnsafePointer<Float>?, function: ElementwiseFunction,
    parameter: Float, y: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<UInt8>?,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(
      PooledForward(
        layer: self, images: images(batch), x: x, scale: scale, planes: planes, weights: weights,
        prepared: prepared, bias: bias, function: function, parameter: parameter, y: y,
        indices: indices, scratch: scratch))
  }

  package func forwardScratchCount(maximumBatch: Int, threadCount: Int) -> Int {
    threadCount * forwardWorkerScratch(mostImages(maximumBatch))
  }

  fileprivate func forwardWorkerScratch(_ images: Int) -> Int {
    let inTurn =
      roundedToLine(images * convolution.outputCount)
      + roundedToLine((images * pooling.outputCount + 3) / 4)
      + roundedToLine(
        Convolution.scratchCount(
          convolution, maximumBatch: images, pass: .forward, threadCount: 1, algorithm: algorithm))
    return max(inTurn, narrow?.scratchCount ?? 0)
  }

  // MARK: Backward

  /// The gradients that are wanted; those of images and weights as in ``Convolution``.
  ///
  /// - Parameters:
  ///   - dy: The gradient of the maxima before the function: multiplied by its derivative, unless
  ///     the forward pass ``notesDerivative(of:)``.
  ///   - indices: What ``forward`` filled.
  ///   - planes: What ``forward`` kept instead of x, if it did; then there is no `dx`.
  ///   - scratch: As many floats as ``backwardScratchCount(maximumBatch:threadCount:)`` says.
  package func backward(
    batch: Int, x: UnsafePointer<Float>, planes: UnsafePointer<Float>? = nil,
    dy: UnsafePointer<Float>,
    indices: UnsafePointer<UInt8>, weights: UnsafePointer<Float>,
    prepared: UnsafePointer<Float>?, dx: UnsafeMutablePointer<Float>?, addsToImages: Bool,
    dWeights: UnsafeMutablePointer<Float>?, dBias: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let parts = parts(batch)
    let sums = dWeights.map {
      GradientSums(
        parts: parts.count, weightCount: convolution.weightCount,
        biasCount: convolution.outputChannels, dWeights: $0, dBias: dBias, accumulate: false,
        isReordered: weightGradient != nil, partials: scratch)
    }
    team.run(
      PooledBackward(
        layer: self, parts: parts, block: blockImages(parts.size), x: x, planes: planes, dy: dy,
        indices: indices, weights: weights, prepared: prepared, dx: dx, addsToImages: addsToImages,
        sums: sums, scratch: scratch + partialsCount))
    guard let sums else { return }
    if let weightGradient {
      weightGradient.combine(sums, team: team)
    } else {
      sums.combine(team: team)
    }
  }

  /// Parts of the batch with partial sums of their own: as many as have enough pixels to make up
  /// for what each costs; a power of two, so that two or four threads get equal shares of a batch
  /// that is one.
  private func parts(_ batch: Int) -> Chunks {
    let most = max(1, min(GradientSums.mostParts, batch * convolution.outputPixels / 768))
    let count = 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
    return Chunks(of: batch, size: max(1, (batch + count - 1) / count))
  }

  /// Images of a part that go backward at a time.
  private func blockImages(_ part: Int) -> Int {
    Chunks(of: part, limit: max(1, Self.blockFloats / convolution.outputCount)).size
  }

  private var partialsCount: Int {
    GradientSums.scratchCount(
      parts: GradientSums.mostParts, weightCount: convolution.weightCount,
      biasCount: convolution.outputChannels)
  }

  package func backwardScratchCount(maximumBatch: Int, threadCount: Int) -> Int {
    let fitting = max(1, Self.blockFloats / convolution.outputCount)
    return partialsCount + threadCount * backwardWorkerScratch(min(maximumBatch, fitting))
  }

  fileprivate func backwardWorkerScratch(_ images: Int) -> Int {
    let passes = [ConvolutionPass.backwardData, .backwardWeights].map {
      Convolution.scratchCount(
        convolution, maximumBatch: images, pass: $0, mostParts: 1, threadCount: 1,
        algorithm: algorithm)
    }
    let inTurn =
      roundedToLine(images * convolution.outputCount) + roundedToLine(max(passes[0], passes[1]))
    return max(inTurn, narrow?.scratchCount ?? 0, weightGradient?.scratchCount ?? 0)
  }
}

private struct PooledForward: ParallelTask {
  let layer: PooledConvolution
  let images: Chunks
  let x: UnsafePointer<Float>
  let scale: ImageScale?
  let planes: UnsafeMutablePointer<Float>?
  let weights: UnsafePointer<Float>
  let prepared: UnsafePointer<Float>
  let bias: UnsafePointer<Float>?
  let function: ElementwiseFunction
  let parameter: Float
  let y: UnsafeMutablePointer<Float>
  let indices: UnsafeMutablePointer<UInt8>?
  let scratch: UnsafeMutablePointer<Float>

  var chunkCount: Int { images.count }

  func run(chunk: Int, worker: Int) {
    let (convolution, pooling) = (layer.convolution, layer.pooling)
    let (first, count) = (images.start(chunk), images.length(chunk))
    let z = scratch + worker * layer.forwardWorkerScratch(images.size)
    let x = x + first * convolution.inputCount
    let y = y + first * pooling.outputCount
    let indices = indices.map { $0 + first * pooling.outputCount }
    if PooledConvolution.takesMaximaInRegisters(function) {
      if let narrow = layer.narrow {
        narrow.forward(
          batch: count, x: x, scale: scale,
          planes: planes.map { $0 + first * narrow.planesCount }, weights: weights, bias: bias,
          rectifies: function == .relu, y: y, indices: indices, scratch: z)
        return
      }
      if let winograd = layer.winograd {
        winograd.forwardMaxima(
          batch: count, x: x, prepared: prepared, bias: bias, rectifies: function == .relu, y: y,
          indices: indices, scratch: z)
        return
      }
    }
    let places = z + roundedToLine(images.size * convolution.outputCount)
    let rest = places + roundedToLine((images.size * pooling.outputCount + 3) / 4)
    Convolution.forward(
      convolution, batch: count, x: x, weights: weights, prepared: prepared, bias: bias,
      function: function, parameter: parameter, y: z, scratch: rest, team: .serial,
      algorithm: layer.algorithm)
    Pooling.maximumForward(
      pooling, batch: count, x: z, y: y,
      indices: indices ?? UnsafeMutableRawPointer(places).assumingMemoryBound(to: UInt8.self),
      team: .serial)
    if let indices, PooledConvolution.notesDerivative(of: function) {
      nk_mark_rectified(count * pooling.outputCount, y, indices)
    }
  }
}

private struct PooledBackward: ParallelTask {
  let layer: PooledConvolution
  let parts: Chunks
  /// Images that go backward at a time.
  let block: Int
  let x: UnsafePointer<Float>
  let planes: UnsafePointer<Float>?
  let dy: UnsafePointer<Float>
  let indices: UnsafePointer<UInt8>
  let weights: UnsafePointer<Float>
  let prepared: UnsafePointer<Float>?
  let dx: UnsafeMutablePointer<Float>?
  let addsToImages: Bool
  let sums: GradientSums?
  let scratch: UnsafeMutablePointer<Float>

  var chunkCount: Int { parts.count }

  func run(chunk: Int, worker: Int) {
    let (convolution, pooling) = (layer.convolution, layer.pooling)
    let scratch = scratch + worker * layer.backwardWorkerScratch(block)
    let (start, length) = (parts.start(chunk), parts.length(chunk))
    let x = x + start * convolution.inputCount
    let dy = dy + start * pooling.outputCount
    let indices = indices + start * pooling.outputCount
    var sums = sums
    if let wanted = sums {
      if let narrow = layer.narrow, dx == nil {
        narrow.backwardWeights(
          batch: length, x: x, planes: planes.map { $0 + start * narrow.planesCount }, dy: dy,
          indices: indices, accumulate: wanted.addsFirst,
          dWeights: wanted.weights(chunk), dBias: wanted.bias(chunk), scratch: scratch)
        return
      }
      if let weightGradient = layer.weightGradient {
        weightGradient.run(
          batch: length, x: x, inputCount: convolution.inputCount, dy: dy, indices: indices,
          sums: wanted.weights(chunk), dBias: wanted.bias(chunk), scratch: scratch)
        sums = nil
      }
    }
    let dx = dx.map { $0 + start * convolution.inputCount }
    if sums == nil && dx == nil { return }
    for first in stride(from: 0, to: length, by: block) {
      backward(
        batch: min(block, length - first), x: x + first * convolution.inputCount,
        dy: dy + first * pooling.outputCount, indices: indices + first * pooling.outputCount,
        dx: dx.map { $0 + first * convolution.inputCount }, dWeights: sums?.weights(chunk),
        dBias: sums?.bias(chunk), addsToWeights: first > 0 || sums?.addsFirst == true,
        scratch: scratch)
    }
  }

  /// Some images by the algorithm.
  private func backward(
    batch: Int, x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    indices: UnsafePointer<UInt8>, dx: UnsafeMutablePointer<Float>?,
    dWeights: UnsafeMutablePointer<Float>?, dBias: UnsafeMutablePointer<Float>?,
    addsToWeights: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    if let winograd = layer.winograd, dWeights == nil {
      winograd.backward(
        batch: batch,
        WinogradConvolution.Gradients(
          x: x, dz: dy, indices: indices, prepared: prepared, dx: dx, addsToImages: addsToImages,
          dWeights: nil, dBias: nil, addsToWeights: false), mostParts: 1, scratch: scratch,
        team: .serial)
      return
    }
    Pooling.maximumBackward(
      layer.pooling, batch: batch, dy: dy, indices: indices, dx: scratch, accumulate: false,
      team: .serial)
    Convolution.backward(
      layer.convolution, batch: batch, x: x, dz: scratch, weights: weights, prepared: prepared,
      dx: dx, addsToImages: addsToImages, dWeights: dWeights, dBias: dBias,
      addsToWeights: addsToWeights, mostParts: 1,
      scratch: scratch + roundedToLine(block * layer.convolution.outputCount), team: .serial,
      algorithm: layer.algorithm)
  }
}
