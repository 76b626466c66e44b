/// How a convolution is computed.
package enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// An implicit product of matrices by register tiles: the pixels are rows, found by their
  /// offsets. Does every convolution.
  case direct
  /// Winograd's F(2×2, 3×3): four ninths of the multiplications, for kernels of 3 × 3 without
  /// strides, dilation and groups.
  case winograd2
  /// Winograd's F(4×4, 3×3): a quarter of the multiplications, likewise; rounds some ten times more
  /// than a sum of products does.
  case winograd4
  /// The images are the matrix already: kernels of one pixel, no strides, no padding, no groups.
  case matrixProduct
  /// Every channel has a kernel of its own: inner loops over channels.
  case depthwise
  /// Patches of the images as rows of a matrix, a tile of rows at a time, times the weights, by the
  /// system's BLAS. Does every convolution.
  case im2row

  /// The algorithm used where none is named.
  ///
  /// A rule on shapes alone, so that results depend neither on the machine nor on a measurement:
  /// depthwise and 1 × 1 by their own; Winograd where it applies, the channels on both sides make up
  /// for the transforms, and tiles are well filled; else direct.
  package static func recommended(for geometry: ConvolutionGeometry) -> ConvolutionAlgorithm {
    if ConvolutionAlgorithm.depthwise.supports(geometry) { return .depthwise }
    if ConvolutionAlgorithm.matrixProduct.supports(geometry) { return .matrixProduct }
    guard ConvolutionAlgorithm.winograd4.supports(geometry), geometry.inputChannels >= 16,
      geometry.outputChannels >= 16
    else { return .direct }
    // Of the 4 × 4 pixels of a tile, this share is in the image.
    func filled(_ size: Int) -> Double { Double(size) / Double((size + 3) / 4 * 4) }
    let share = filled(geometry.outputHeight) * filled(geometry.outputWidth)
    // A tile is worth 16 · 9 multiplications and costs 36, and transforms.
    return share >= 0.5 ? .winograd4 : .direct
  }

  /// Whether the algorithm can do this convolution.
  package func supports(_ geometry: ConvolutionGeometry) -> Bool {
    switch self {
    case .direct, .im2row:
      return true
    case .winograd2, .winograd4:
      return WinogradConvolution.supports(geometry)
    case .matrixProduct:
      return geometry.kernelHeight == 1 && geometry.kernelWidth == 1 && geometry.strideHeight == 1
        && geometry.strideWidth == 1 && geometry.padding == .none && geometry.groups == 1
    case .depthwise:
      return geometry.groups > 1 && geometry.groups == geometry.inputChannels
        && geometry.groups == geometry.outputChannels
    }
  }
}

/// The three computations of a layer's training step.
package enum ConvolutionPass: String, Sendable, CaseIterable {
  case forward
  case backwardData
  case backwardWeights
}
