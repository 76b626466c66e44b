package import Threads

/// Convolution of images (cross-correlation, as the field calls it), and its gradients.
///
/// Shapes are those of ``ConvolutionGeometry``. `algorithm` is nil for
/// ``ConvolutionAlgorithm/recommended(for:)``; a named one must support the geometry. `scratch` has
/// as many floats as ``scratchCount(_:maximumBatch:pass:threadCount:algorithm:)`` says.
package enum Convolution {
  /// y = f(x ∗ weights + bias).
  ///
  /// - Parameters:
  ///   - bias: `outputChannels` elements, or nil for none.
  ///   - parameter: That of `function`, where it has one.
  package static func forward(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, function: ElementwiseFunction,
    parameter: Float, y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam, algorithm: ConvolutionAlgorithm? = nil
  ) {
    switch choice(algorithm, geometry) {
    case .im2row:
      PatchConvolution.forward(
        geometry, batch: batch, x: x, weights: weights, bias: bias, function: function,
        parameter: parameter, y: y, scratch: scratch, team: team)
    case .matrixProduct:
      Dense.forward(
        rows: batch * geometry.outputPixels, inputSize: geometry.inputChannels,
        outputSize: geometry.outputChannels, x: x, weights: weights, bias: bias,
        function: function, parameter: parameter, y: y, team: team)
    case .depthwise:
      DepthwiseConvolution.forward(
        geometry, batch: batch, x: x, weights: weights, bias: bias, function: function,
        parameter: parameter, y: y, team: team)
    }
  }

  /// The gradient of x, or += with `accumulate`; dz is the gradient of x ∗ weights + bias.
  package static func backwardData(
    _ geometry: ConvolutionGeometry, batch: Int, dz: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam,
    algorithm: ConvolutionAlgorithm? = nil
  ) {
    switch choice(algorithm, geometry) {
    case .im2row:
      PatchConvolution.backwardData(
        geometry, batch: batch, dz: dz, weights: weights, dx: dx, accumulate: accumulate,
        scratch: scratch, team: team)
    case .matrixProduct:
      Dense.backwardData(
        rows: batch * geometry.outputPixels, inputSize: geometry.inputChannels,
        outputSize: geometry.outputChannels, dz: dz, weights: weights, dx: dx,
        accumulate: accumulate, team: team)
    case .depthwise:
      DepthwiseConvolution.backwardData(
        geometry, batch: batch, dz: dz, weights: weights, dx: dx, accumulate: accumulate,
        team: team)
    }
  }

  /// The gradients of the weights and, where wanted, of the bias, or += with `accumulate`.
  package static func backwardWeights(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, accumulate: Bool, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam, algorithm: ConvolutionAlgorithm? = nil
  ) {
    precondition(batch > 0)
    switch choice(algorithm, geometry) {
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
    }
  }

  /// The floats of scratch memory that a pass needs, for batches up to `maximumBatch`.
  package static func scratchCount(
    _ geometry: ConvolutionGeometry, maximumBatch: Int, pass: ConvolutionPass, threadCount: Int,
    algorithm: ConvolutionAlgorithm? = nil
  ) -> Int {
    switch (choice(algorithm, geometry), pass) {
    case (.im2row, _):
      return PatchConvolution.scratchCount(
        geometry, maximumBatch: maximumBatch, pass: pass, threadCount: threadCount)
    case (.matrixProduct, .backwardWeights):
      return Dense.scratchCount(
        rows: maximumBatch * geometry.outputPixels, inputSize: geometry.inputChannels,
        outputSize: geometry.outputChannels, threadCount: threadCount)
    case (.depthwise, .backwardWeights):
      return DepthwiseConvolution.scratchCount(geometry, maximumBatch: maximumBatch)
    case (.matrixProduct, _), (.depthwise, _):
      return 0
    }
  }

  private static func choice(
    _ algorithm: ConvolutionAlgorithm?, _ geometry: ConvolutionGeometry
  ) -> ConvolutionAlgorithm {
    guard let algorithm else { return .recommended(for: geometry) }
    precondition(algorithm.supports(geometry), "The algorithm cannot do this convolution.")
    return algorithm
  }
}
