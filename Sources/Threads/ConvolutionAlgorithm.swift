/// How a convolution is computed.
///
/// Which one runs is decided by a rule on shapes, so that results depend neither on the machine nor on
/// a measurement; ``EngineOptions/convolution`` overrides it.
public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// An implicit product of matrices by register tiles: the pixels are rows, found by their
  /// offsets.
  ///
  /// Does every convolution.
  case direct
  /// Winograd's F(2×2, 3×3): four ninths of the multiplications, for kernels of 3×3 without
  /// strides, dilation and groups.
  case winograd2
  /// F(3×3, 3×3), likewise: 25 multiplications instead of 81.
  case winograd3
  /// F(4×4, 3×3), likewise: a quarter of the multiplications; rounds some ten times more than a sum of
  /// products does.
  case winograd4
  /// F(5×5, 3×3), likewise: 49 multiplications instead of 225; rounds half as much again.
  case winograd5
  /// The images are the matrix already: kernels of one pixel, no strides, no padding, no groups.
  case matrixProduct = "matrix-product"
  /// Every channel has a kernel of its own: inner loops over channels.
  case depthwise
  /// Patches of the images as rows of a matrix, a tile of rows at a time, times the weights, by the
  /// system's BLAS.
  ///
  /// Does every convolution.
  case im2row
}
