internal import CKernels

/// The gradient of the weights of a convolution with maxima over 2 × 2 pixels behind it, from the pixels
/// that were the largest: of four pixels one has a gradient, and where relu cut off all four none has.
///
/// That takes nine products for each window and pair of channels, as many as F(4×4, 3×3) does, but no
/// transforms, and less where relu cuts off much: half of the maxima, often, in a trained network.
struct MaximaWeightGradient: Sendable {
  private let shape: nk_pooled_gradient

  /// Nil with padding, which the kernel cannot do, and for wide images, where it is not faster.
  ///
  /// - Parameters:
  ///   - convolution: One that Winograd supports, without what no window sees.
  ///   - pooling: Its input is the convolution's output; its windows are 2 × 2.
  init?(_ convolution: ConvolutionGeometry, _ pooling: PoolingGeometry) {
    let padding = convolution.padding
    guard max(padding.top, padding.left, padding.bottom, padding.right) <= 0,
      convolution.inputWidth <= Self.mostWidth
    else { return nil }
    shape = nk_pooled_gradient(
      input_width: convolution.inputWidth, input_channels: convolution.inputChannels,
      height: pooling.outputHeight, width: pooling.outputWidth,
      output_channels: pooling.channels)
  }

  /// Of wider images, what a line of windows sees leaves the first-level cache.
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
