internal import CKernels

/// The gradient of the weights of a convolution with maxima over 2 × 2 pixels behind it, from the pixels
/// that were the largest: of four pixels one has a gradient, and where relu cut off all four none has.
///
/// That takes nine products for each window and pair of channels, as many as F(4×4, 3×3) does, but no
/// transforms, and less where relu cuts off much: half of the maxima, often, in a trained network.
struct MaximaWeightGradient: Sendable {
  private let shape: nk_pooled_gradient

  /// Nil for what the kernel cannot do, or is not faster at.
  ///
  /// - Parameters:
  ///   - convolution: Without what no window sees.
  ///   - pooling: Its input is the convolution's output.
  init?(_ convolution: ConvolutionGeometry, _ pooling: PoolingGeometry) {
    let padding = convolution.padding
    guard WinogradConvolution.supports(convolution), pooling.isTwoByTwo,
      max(padding.top, padding.left, padding.bottom, padding.right) <= 0,
      // With more channels transforms cost less, with wider images what is seen leaves the cache.
      convolution.inputChannels * convolution.outputChannels <= Self.mostWeights,
      convolution.inputWidth <= Self.mostWidth
    else { return nil }
    shape = nk_pooled_gradient(
      input_width: convolution.inputWidth, input_channels: convolution.inputChannels,
      height: pooling.outputHeight, width: pooling.outputWidth,
      output_channels: pooling.channels)
  }

  private static let mostWeights = 64 * 64
  private static let mostWidth = 64

  /// Floats of the sums, which lie output channel by output channel.
  private var sumsCount: Int {
    roundedToLine(9 * shape.input_channels * shape.output_channels)
  }

  /// Floats of scratch memory.
  var scratchCount: Int {
    var shape = shape
    return sumsCount + roundedToLine(nk_pooled_gradient_scratch(&shape))
  }

  /// dWeights = the gradient of the weights, or +=; dBias that of the bias.
  ///
  /// - Parameters:
  ///   - dy: The gradient of the maxima.
  ///   - indices: As in ``PooledConvolution``.
  func run(
    batch: Int, x: UnsafePointer<Float>, inputCount: Int, dy: UnsafePointer<Float>,
    indices: UnsafePointer<UInt8>, accumulate: Bool, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Float>
  ) {
    var shape = shape
    let outputCount = shape.height * shape.width * shape.output_channels
    scratch.update(repeating: 0, count: sumsCount)
    if !accumulate { dBias?.update(repeating: 0, count: shape.output_channels) }
    for image in 0..<batch {
      nk_pooled_weight_sums(
        &shape, x + image * inputCount, dy + image * outputCount, indices + image * outputCount,
        scratch + sumsCount, scratch, dBias)
    }
    nk_pooled_weight_gradient(&shape, scratch, accumulate, dWeights)
  }
}
