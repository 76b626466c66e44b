internal import CKernels
internal import Threads

/// A convolution of few channels and the maxima over 2 × 2 pixels of its result, in registers: the
/// first layers of small networks.
///
/// Nothing lies between the convolution and the pooling in memory, and the gradient of the weights
/// multiplies only the pixels that were the largest of their windows.
struct NarrowPooledConvolution: Sendable {
  private let convolution: ConvolutionGeometry
  private let pooling: PoolingGeometry
  private let shape: nk_pooled_convolution
  private let isWinograd: Bool

  /// Nil for what the kernels cannot do, or are not faster at.
  ///
  /// - Parameters:
  ///   - convolution: Without what no window sees.
  ///   - pooling: Its input is the convolution's output.
  ///   - algorithm: ``ConvolutionAlgorithm/direct`` or ``ConvolutionAlgorithm/winograd2``.
  init?(
    _ convolution: ConvolutionGeometry, _ pooling: PoolingGeometry,
    algorithm: ConvolutionAlgorithm
  ) {
    guard algorithm == .direct || algorithm == .winograd2,
      Self.supports(convolution, pooling)
    else { return nil }
    self.convolution = convolution
    self.pooling = pooling
    isWinograd = algorithm == .winograd2
    shape = nk_pooled_convolution(
      input_channels: convolution.inputChannels, lines: convolution.outputHeight + 2,
      columns: convolution.outputWidth + 2, height: pooling.outputHeight,
      width: pooling.outputWidth, output_channels: pooling.channels)
  }

  private static func supports(
    _ convolution: ConvolutionGeometry, _ pooling: PoolingGeometry
  ) -> Bool {
    WinogradConvolution.supports(convolution) && convolution.inputChannels <= 4
      && pooling.isTwoByTwo
  }

  /// The faster algorithm, where there is a choice: Winograd's products make up for its transforms
  /// from two channels on.
  static func recommended(
    _ convolution: ConvolutionGeometry, _ pooling: PoolingGeometry
  ) -> ConvolutionAlgorithm? {
    guard supports(convolution, pooling) else { return nil }
    return convolution.inputChannels > 1 ? .winograd2 : .direct
  }

  /// Floats of scratch memory.
  var scratchCount: Int { planesCount + transformedCount + winogradScratchCount }

  /// Floats of an image in planes.
  var planesCount: Int {
    roundedToLine(shape.input_channels * shape.lines * shape.columns)
  }

  /// Floats of the transformed weights.
  private var transformedCount: Int {
    isWinograd ? roundedToLine(16 * shape.input_channels * shape.output_channels) : 0
  }

  private var winogradScratchCount: Int {
    var shape = shape
    return isWinograd ? nk_pooled_winograd_scratch(&shape) : 0
  }

  /// Whether an image is a plane already, where no pixels are added or left out.
  private var isPlane: Bool {
    convolution.inputChannels == 1 && convolution.padding.top == 0
      && convolution.padding.left == 0 && shape.lines == convolution.inputHeight
      && shape.columns == convolution.inputWidth
  }

  private func planes(
    _ x: UnsafePointer<Float>, scale: ImageScale?, into target: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    if isPlane && scale == nil { return x }
    var shape = shape
    nk_image_planes(
      &shape, x, scale?.scale ?? 1, scale?.offset ?? 0, convolution.inputHeight,
      convolution.inputWidth, convolution.padding.top, convolution.padding.left, target)
    return UnsafePointer(target)
  }

  /// y = the maxima of x ∗ weights + bias, then relu if it `rectifies`; as in ``PooledConvolution``.
  ///
  /// - Parameters:
  ///   - scale: What the images go through before, or nil for nothing.
  ///   - planes: Where the planes of the images are kept for the backward pass, or nil.
  func forward(
    batch: Int, x: UnsafePointer<Float>, scale: ImageScale?,
    planes: UnsafeMutablePointer<Float>?, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, rectifies: Bool, y: UnsafeMutablePointer<Float>,
    indices: UnsafeMutablePointer<UInt8>?, scratch: UnsafeMutablePointer<Float>
  ) {
    var shape = shape
    let transformed = scratch + planesCount
    if isWinograd { nk_pooled_winograd_weights(&shape, weights, transformed) }
    for image in 0..<batch {
      let pixels = x + image * convolution.inputCount
      let planes = self.planes(
        pixels, scale: scale,
        into: planes.map { $0 + image * planesCount } ?? scratch)
      let first = image * pooling.outputCount
      let (y, indices) = (y + first, indices.map { $0 + first })
      if isWinograd {
        nk_pooled_winograd_forward(
          &shape, planes, transformed, bias, rectifies, y, indices, transformed + transformedCount,
          pixels + convolution.inputCount, convolution.inputCount)
      } else {
        nk_pooled_convolution_forward(&shape, planes, weights, bias, rectifies, y, indices)
      }
    }
  }

  /// dWeights = the gradient of the weights, or +=; dBias that of the bias.
  ///
  /// - Parameter planes: What the forward pass kept instead of x, or nil.
  func backwardWeights(
    batch: Int, x: UnsafePointer<Float>, planes: UnsafePointer<Float>?, dy: UnsafePointer<Float>,
    indices: UnsafePointer<UInt8>, accumulate: Bool, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Float>
  ) {
    var shape = shape
    if !accumulate {
      dWeights.update(repeating: 0, count: convolution.weightCount)
      dBias?.update(repeating: 0, count: pooling.channels)
    }
    for image in 0..<batch {
      let first = image * pooling.outputCount
      nk_pooled_convolution_backward_weights(
        &shape,
        planes.map { $0 + image * planesCount }
          ?? self.planes(x + image * convolution.inputCount, scale: nil, into: scratch),
        dy + first, indices + first, dWeights, dBias)
    }
  }
}

/// What images go through before anything else: x · scale + offset.
package struct ImageScale: Sendable {
  package let scale: Float
  package let offset: Float

  package init(scale: Float, offset: Float) {
    self.scale = scale
    self.offset = offset
  }
}
