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
    let rows = maximumBatch * geometry.outputPixels
    let parts =
      switch method {
      case .direct, .matrixProduct:
        TileProduct.Cut.mostRowChunks(rows: rows, matrix: DirectConvolution.forwardMatrix(geometry))
      case .winograd(let winograd): winograd.mostMomentParts(maximumBatch: maximumBatch)
      case .depthwise: method.momentParts(geometry, batch: maximumBatch).count
      case .im2row: RowParts.mostCount(rows: rows, columns: geometry.outputChannels)
      }
    return ColumnMoments.count(parts: parts, columns: geometry.outputChannels)
  }
}

extension Convolution.Method {
  /// The rows of the result whose moments are taken together.
  func momentParts(_ geometry: ConvolutionGeometry, batch: Int) -> RowParts {
    let rows = batch * geometry.outputPixels
    return switch self {
    // A product with kernels of one pixel has the matrix of a direct convolution.
    case .direct, .matrixProduct:
      RowParts(
        TileProduct.Cut(rows: rows, matrix: DirectConvolution.forwardMatrix(geometry)).rowChunks)
    case .winograd(let winograd):
      winograd.momentParts(batch: batch)
    case .depthwise:
      DepthwiseConvolution.momentParts(geometry, batch: batch)
    case .im2row:
      RowParts(rows: rows, columns: geometry.outputChannels)
    }
  }
}
