package import Threads

/// Convolution of images (cross-correlation, as the field calls it), and its gradients.
///
/// Shapes are those of ``ConvolutionGeometry``. `algorithm` is nil for
/// ``ConvolutionAlgorithm/recommended(for:)``; a named one must support the geometry. `prepared` is
/// what ``prepare(_:pass:weights:into:team:algorithm:)`` made of the same weights for the same pass
/// and algorithm: packed or transformed once, used for any number of batches. `scratch` has as many
/// floats as ``scratchCount(_:maximumBatch:pass:threadCount:algorithm:)`` says.
package enum Convolution {
  /// The floats of ``prepare(_:pass:weights:into:team:algorithm:)``'s result; may be zero.
  package static func preparedCount(
    _ geometry: ConvolutionGeometry, pass: ConvolutionPass, algorithm: ConvolutionAlgorithm? = nil
  ) -> Int {
    switch Method(algorithm, geometry) {
    case .direct: DirectConvolution.preparedCount(geometry, pass: pass)
    case .winograd(let winograd): winograd.preparedCount(pass)
    case .matrixProduct:
      Dense.preparedCount(
        inputSize: geometry.inputChannels, outputSize: geometry.outputChannels, pass: pass)
    case .depthwise, .im2row: 0
    }
  }

  /// Brings the weights into the form that a pass works on.
  package static func prepare(
    _ geometry: ConvolutionGeometry, pass: ConvolutionPass, weights: UnsafePointer<Float>,
    into prepared: UnsafeMutablePointer<Float>, team: WorkerTeam,
    algorithm: ConvolutionAlgorithm? = nil
  ) {
    switch Method(algorithm, geometry) {
    case .direct:
      DirectConvolution.prepare(geometry, pass: pass, weights: weights, into: prepared, team: team)
    case .winograd(let winograd):
      winograd.prepare(pass, weights: weights, into: prepared, team: team)
    case .matrixProduct:
      Dense.prepare(
        inputSize: geometry.inputChannels, outputSize: geometry.outputChannels, pass: pass,
        weights: weights, into: prepared, team: team)
    case .depthwise, .im2row:
      break
    }
  }

  /// y = f(x ∗ weights + bias + addend).
  ///
  /// - Parameters:
  ///   - bias: `outputChannels` elements, or nil for none.
  ///   - addend: As many elements as y, or nil for none.
  ///   - parameter: That of `function`, where it has one.
  ///   - moments: Where to leave the moments of y, for ``ChannelMoments``: as many floats as
  ///     ``momentCount(_:maximumBatch:algorithm:)`` says. Nil leaves them out. Only with the identity
  ///     or relu as function and without an addend.
  package static func forward(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, prepared: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    addend: UnsafePointer<Float>? = nil, function: ElementwiseFunction, parameter: Float,
    y: UnsafeMutablePointer<Float>, moments: UnsafeMutablePointer<Float>? = nil,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam,
    algorithm: ConvolutionAlgorithm? = nil
  ) {
    let method = Method(algorithm, geometry)
    let moments = moments.map {
      ColumnMoments(
        parts: method.momentParts(geometry, batch: batch), columns: geometry.outputChannels,
        matrix: y, partials: $0)
    }
    precondition(moments == nil || (addend == nil && takesMoments(of: function)))
    if let addend, !method.addsToTiles {
      forward(
        geometry, batch: batch, x: x, weights: weights, prepared: prepared, bias: bias,
        function: .identity, parameter: 0, y: y, scratch: scratch, team: team,
        algorithm: algorithm)
      let count = batch * geometry.outputCount
      Elementwise.add(count: count, x: addend, into: y, team: team)
      Elementwise.forward(function, parameter: parameter, count: count, x: y, y: y, team: team)
      return
    }
    switch method {
    case .direct:
      DirectConvolution.forward(
        geometry, batch: batch, x: x, prepared: prepared, bias: bias, addend: addend,
        function: function, parameter: parameter, y: y, moments: moments, scratch: scratch,
        team: team)
    case .winograd(let winograd):
      winograd.forward(
        batch: batch, x: x, prepared: prepared, bias: bias, addend: addend, function: function,
        parameter: parameter, y: y, moments: moments, scratch: scratch, team: team)
    case .im2row:
      PatchConvolution.forward(
        geometry, batch: batch, x: x, weights: weights, bias: bias, function: function,
        parameter: parameter, y: y, scratch: scratch, team: team)
      moments?.take(team: team)
    case .matrixProduct:
      Dense.forward(
        rows: batch * geometry.outputPixels, inputSize: geometry.inputChannels,
        outputSize: geometry.outputChannels, x: x, prepared: prepared, bias: bias,
        addend: addend, function: function, parameter: parameter, y: y, moments: moments,
        scratch: scratch, team: team)
    case .depthwise:
      DepthwiseConvolution.forward(
        geometry, batch: batch, x: x, weights: weights, bias: bias, function: function,
        parameter: parameter, y: y, moments: moments, team: team)
    }
    moments?.combine(team: team)
  }

  /// The gradients that are wanted, written or added to; dz is the gradient of x ∗ weights + bias.
  ///
  /// - Parameters:
  ///   - weights: Those of the forward pass.
  ///   - prepared: The weights prepared for ``ConvolutionPass/backwardData``; nil only where `dx` is.
  ///   - dx: The gradient of x, or nil where it is not wanted.
  ///   - dWeights: The gradient of the weights, likewise.
  ///   - dBias: That of the bias: only with `dWeights`.
  ///   - mostParts: Parts of the batch that may have partial sums of their own. Decides the order
  ///     of sums.
  ///   - scratch: Enough for both backward passes.
  package static func backward(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, weights: UnsafePointer<Float>, prepared: UnsafePointer<Float>?,
    dx: UnsafeMutablePointer<Float>?, addsToImages: Bool, dWeights: UnsafeMutablePointer<Float>?,
    dBias: UnsafeMutablePointer<Float>?, addsToWeights: Bool, mostParts: Int = mostParts,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam, algorithm: ConvolutionAlgorithm? = nil
  ) {
    precondition(batch > 0 && (dx == nil || prepared != nil))
    let method = Method(algorithm, geometry)
    if case .winograd(let winograd) = method {
      winograd.backward(
        batch: batch,
        WinogradConvolution.Gradients(
          x: x, dz: dz, prepared: prepared, dx: dx, addsToImages: addsToImages,
          dWeights: dWeights, dBias: dBias, addsToWeights: addsToWeights), mostParts: mostParts,
        scratch: scratch, team: team)
      return
    }
    if let dWeights {
      backwardWeights(
        geometry, batch: batch, x: x, dz: dz, dWeights: dWeights, dBias: dBias,
        accumulate: addsToWeights, mostParts: mostParts, scratch: scratch, team: team,
        method: method)
    }
    if let dx, let prepared {
      backwardData(
        geometry, batch: batch, dz: dz, weights: weights, prepared: prepared, dx: dx,
        accumulate: addsToImages, scratch: scratch, team: team, method: method)
    }
  }

  private static func backwardData(
    _ geometry: ConvolutionGeometry, batch: Int, dz: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, prepared: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam, method: Method
  ) {
    switch method {
    case .direct:
      DirectConvolution.backwardData(
        geometry, batch: batch, dz: dz, prepared: prepared, dx: dx, accumulate: accumulate,
        scratch: scratch, team: team)
    case .im2row:
      PatchConvolution.backwardData(
        geometry, batch: batch, dz: dz, weights: weights, dx: dx, accumulate: accumulate,
        scratch: scratch, team: team)
    case .matrixProduct:
      Dense.backwardData(
        rows: batch * geometry.outputPixels, inputSize: geometry.inputChannels,
        outputSize: geometry.outputChannels, dz: dz, prepared: prepared, dx: dx,
        accumulate: accumulate, scratch: scratch, team: team)
    case .depthwise:
      DepthwiseConvolution.backwardData(
        geometry, batch: batch, dz: dz, weights: weights, dx: dx, accumulate: accumulate,
        team: team)
    case .winograd:
      preconditionFailure("Winograd's gradients are computed together.")
    }
  }

  private static func backwardWeights(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, accumulate: Bool, mostParts: Int,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam, method: Method
  ) {
    switch method {
    case .direct:
      DirectConvolution.backwardWeights(
        geometry, batch: batch, x: x, dz: dz, dWeights: dWeights, dBias: dBias,
        accumulate: accumulate, mostParts: mostParts, scratch: scratch, team: team)
    case .im2row:
      PatchConvolution.backwardWeights(
        geometry, batch: batch, x: x, dz: dz, dWeights: dWeights, dBias: dBias,
        accumulate: accumulate, scratch: scratch, team: team)
    case .matrixProduct:
      Dense.backwardWeights(
        rows: batch * geometry.outputPixels, inputSize: geometry.inputChannels,
        outputSize: geometry.outputChannels, x: x, dz: dz, dWeights: dWeights, dBias: dBias,
        accumulate: accumulate, scratch: scratch, team: team)
    case .depthwise:
      DepthwiseConvolution.backwardWeights(
        geometry, batch: batch, x: x, dz: dz, dWeights: dWeights, dBias: dBias,
        accumulate: accumulate, scratch: scratch, team: team)
    case .winograd:
      preconditionFailure("Winograd's gradients are computed together.")
    }
  }

  /// The most parts of a batch that have partial sums of their own, where nothing else is said.
  package static let mostParts = GradientSums.mostParts

  /// The floats of scratch memory that a pass needs, for batches up to `maximumBatch`.
  package static func scratchCount(
    _ geometry: ConvolutionGeometry, maximumBatch: Int, pass: ConvolutionPass,
    mostParts: Int = mostParts, threadCount: Int, algorithm: ConvolutionAlgorithm? = nil
  ) -> Int {
    let rows = maximumBatch * geometry.outputPixels
    switch Method(algorithm, geometry) {
    case .direct:
      return DirectConvolution.scratchCount(
        geometry, maximumBatch: maximumBatch, pass: pass, mostParts: mostParts,
        threadCount: threadCount)
    case .winograd(let winograd):
      return pass == .forward
        ? winograd.forwardScratchCount(maximumBatch: maximumBatch, threadCount: threadCount)
        : winograd.backwardScratchCount(
          maximumBatch: maximumBatch, mostParts: mostParts, threadCount: threadCount)
    case .im2row:
      return PatchConvolution.scratchCount(
        geometry, maximumBatch: maximumBatch, pass: pass, threadCount: threadCount)
    case .matrixProduct:
      return Dense.scratchCount(
        rows: rows, inputSize: geometry.inputChannels, outputSize: geometry.outputChannels,
        pass: pass, threadCount: threadCount)
    case .depthwise:
      guard pass == .backwardWeights else { return 0 }
      return DepthwiseConvolution.scratchCount(geometry, maximumBatch: maximumBatch)
    }
  }

  /// What does the work of an algorithm.
  enum Method {
    case direct
    case winograd(WinogradConvolution)
    case matrixProduct
    case depthwise
    case im2row

    /// - Parameter algorithm: Nil for the rule's choice.
    init(_ algorithm: ConvolutionAlgorithm?, _ geometry: ConvolutionGeometry) {
      let algorithm = algorithm ?? .recommended(for: geometry)
      precondition(algorithm.supports(geometry), "The algorithm cannot do this convolution.")
      self =
        switch algorithm {
        case .direct: .direct
        case .winograd2: .winograd(WinogradConvolution(geometry, tile: 2))
        case .winograd3: .winograd(WinogradConvolution(geometry, tile: 3))
        case .winograd4: .winograd(WinogradConvolution(geometry, tile: 4))
        case .winograd5: .winograd(WinogradConvolution(geometry, tile: 5))
        case .matrixProduct: .matrixProduct
        case .depthwise: .depthwise
        case .im2row: .im2row
        }
    }

    /// Winograd's, where the algorithm is his.
    var winograd: WinogradConvolution? {
      if case .winograd(let winograd) = self { winograd } else { nil }
    }

    /// Whether results are written by tiles, which take in what is added to them.
    var addsToTiles: Bool {
      switch self {
      case .direct, .winograd, .matrixProduct: true
      case .depthwise, .im2row: false
      }
    }
  }
}
