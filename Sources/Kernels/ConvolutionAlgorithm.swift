/// How a convolution is computed.
package enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// Patches of the images as rows of a matrix, a tile of rows at a time, times the weights. Does
  /// every convolution; the others are checked against it.
  case im2row
  /// The images are the matrix already: kernels of one pixel, no strides, no padding, no groups.
  case matrixProduct
  /// Every channel has a kernel of its own: inner loops over channels.
  case depthwise

  /// The algorithm used where none is named, by this rule: the special ones where they apply.
  package static func recommended(for geometry: ConvolutionGeometry) -> ConvolutionAlgorithm {
    if ConvolutionAlgorithm.depthwise.supports(geometry) { return .depthwise }
    if ConvolutionAlgorithm.matrixProduct.supports(geometry) { return .matrixProduct }
    return .im2row
  }

  /// Whether the algorithm can do this convolution.
  package func supports(_ geometry: ConvolutionGeometry) -> Bool {
    switch self {
    case .im2row:
      return true
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
