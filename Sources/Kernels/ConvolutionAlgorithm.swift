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
    guard ConvolutionAlgorithm.winograd4.supports(geometry), geometry.inputChannels >= 16,
      geometry.outputChannels >= 16
    else { return .direct }
    // Of the 4 × 4 pixels of a tile, this share is in the image.
    func filled(_ size: Int) -> Double { Double(size) / Double((size + 3) / 4 * 4) }
    let share = filled(geometry.outputHeight) * filled(geometry.outputWidth)
    // A tile is worth 16 · 9 multiplications and costs 36, and transforms.
    return share >= 0.5 ? .winograd4 : .direct
  }

  /// The named algorithm where it can do the convolution, else the rule's.
  package static func chosen(
    for geometry: ConvolutionGeometry, named: ConvolutionAlgorithm?
  ) -> ConvolutionAlgorithm {
    if let named, named.supports(geometry) { return named }
    return recommended(for: geometry)
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
