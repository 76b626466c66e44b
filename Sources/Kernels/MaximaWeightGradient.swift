internal import CKernels
internal import Threads

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

  /// Floats of scratch memory.
  var scratchCount: Int {
    var shape = shape
    return nk_pooled_gradient_scratch(&shape)
  }

  /// The gradients of some images' weights and bias, in an order of their own until ``combine(_:team:)``.
  ///
  /// - Parameters:
  ///   - dy: The gradient of the maxima.
  ///   - indices: As in ``PooledConvolution``.
  func run(
    batch: Int, x: UnsafePointer<Float>, inputCount: Int, dy: UnsafePointer<Float>,
    indices: UnsafePointer<UInt8>, sums: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Float>
  ) {
    var shape = shape
    let outputCount = shape.height * shape.width * shape.output_channels
    for image in 0..<batch {
      nk_pooled_weight_sums(
        &shape, x + image * inputCount, dy + image * outputCount, indices + image * outputCount,
        scratch, image > 0, image + 1 < batch ? x + (image + 1) * inputCount : nil, sums, dBias)
    }
  }

  /// Adds up what ``run(batch:x:inputCount:dy:indices:sums:dBias:scratch:)`` made of the parts of a
  /// batch.
  func combine(_ sums: GradientSums, team: WorkerTeam) {
    guard sums.parts > 0 else { return }
    team.run(CombinedSums(shape: shape, sums: sums))
  }
}

/// The sums of all parts, some output channels a chunk, and theirs of the bias.
private struct CombinedSums: ParallelTask {
  let shape: nk_pooled_gradient
  let sums: GradientSums

  // A line of the gradients, which lie output channel beside output channel.
  private var channels: Chunks { Chunks(of: shape.output_channels, size: 16) }

  var chunkCount: Int { channels.count + (sums.dBias == nil ? 0 : 1) }

  func run(chunk: Int, worker: Int) {
    if chunk < channels.count {
      let (first, count) = (channels.start(chunk), channels.length(chunk))
      let depth = 9 * shape.input_channels
      let weights = sums.weights(0)
      let total = weights + first * depth
      nk_tree_sum(total, sums.stride, sums.parts, count * depth, false, total)
      var shape = shape
      nk_pooled_weight_gradient(&shape, weights, first, count, sums.dWeights)
    } else if let dBias = sums.dBias, let first = sums.bias(0) {
      nk_tree_sum(first, sums.stride, sums.parts, sums.biasCount, false, dBias)
    }
  }
}
