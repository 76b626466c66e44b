package import Threads

extension Convolution {
  /// Whether the moments of a convolution's result can be taken while it is written, with such a
  /// function: those that are part of the writing.
  package static func takesMoments(of function: ElementwiseFunction) -> Bool {
    function == .identity || function == .relu
  }

  /// The floats that a forward pass needs for the moments of its result, for batches up to
  /// `maximumBatch`.
  package static func momentCount(
    _ geometry: ConvolutionGeometry, maximumBatch: Int, algorithm: ConvolutionAlgorithm? = nil
  ) -> Int {
    let method = Method(algorithm, geometry)
    let parts =
      switch method {
      case .direct, .matrixProduct: TileProduct.Cut.mostRowChunks
      case .winograd(let winograd): winograd.mostMomentParts(maximumBatch: maximumBatch)
      case .depthwise, .im2row: method.momentParts(geometry, batch: maximumBatch).count
      }
    return ColumnMoments.count(parts: parts, columns: geometry.outputChannels)
  }
}

extension Convolution.Method {
  /// The rows of the result whose moments are taken together.
  func momentParts(_ geometry: ConvolutionGeometry, batch: Int) -> RowParts {
    let rows = batch * geometry.outputPixels
    return switch self {
    case .direct:
      DirectConvolution.momentParts(geometry, batch: batch)
    case .winograd(let winograd):
      winograd.momentParts(batch: batch)
    case .matrixProduct:
      Dense.momentParts(
        rows: rows, inputSize: geometry.inputChannels, outputSize: geometry.outputChannels)
    case .depthwise:
      DepthwiseConvolution.momentParts(geometry, batch: batch)
    case .im2row:
      RowParts(rows: rows, columns: geometry.outputChannels)
    }
  }
}
