package import Threads

extension ConvolutionAlgorithm {
  /// The algorithm used where none is named.
  ///
  /// A rule on shapes alone, so that results depend neither on the machine nor on a measurement:
  /// depthwise and 1 × 1 by their own; Winograd where it applies, the channels on both sides make up
  /// for the transforms, and tiles are well filled; else direct.
  package static func recommended(for geometry: ConvolutionGeometry) -> ConvolutionAlgorithm {
    if ConvolutionAlgorithm.depthwise.supports(geometry) { return .depthwise }
    if ConvolutionAlgorithm.matrixProduct.supports(geometry) { return .matrixProduct }
    guard WinogradConvolution.supports(geometry), geometry.inputChannels >= 16,
      geometry.outputChannels >= 16
    else { return .direct }
    /// The products of an image for a channel on either side.
    func products(_ tile: Int) -> Int {
      let winograd = WinogradConvolution(geometry, tile: tile)
      return winograd.points * winograd.tilesPerImage
    }
    // The fewest products; but larger tiles round more, and cost more transforms.
    var best = (algorithm: winograd4, products: products(4))
    if products(3) < best.products { best = (winograd3, products(3)) }
    if 8 * products(5) <= 7 * best.products { best = (winograd5, products(5)) }
    // A product by its definition takes nine for each pixel; transforms cost about as many more.
    return 2 * best.products <= 9 * geometry.outputPixels ? best.algorithm : .direct
  }

  /// This algorithm where it can do the convolution, else nil.
  package func supported(for geometry: ConvolutionGeometry) -> ConvolutionAlgorithm? {
    supports(geometry) ? self : nil
  }

  /// Whether the algorithm can do this convolution.
  package func supports(_ geometry: ConvolutionGeometry) -> Bool {
    switch self {
    case .direct, .im2row:
      return true
    case .winograd2, .winograd3, .winograd4, .winograd5:
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
