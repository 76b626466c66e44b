import Kernels

/// A kernel that can take in what comes before or after it.
///
/// Each member gives the kernel that does both, or nil where there is none; so the defaults.
protocol FusibleKernel: PlannedKernel {
  /// Adds a bias to the result, one number for each place along the last extent: the last input.
  func addingBias() -> (any FusibleKernel)?

  /// Applies a function whose derivative can be had from its result.
  func applying(_ function: ElementwiseFunction, parameter: Float) -> (any FusibleKernel)?

  /// Adds a value of the result's type to the result: the last input.
  func addingValue(isInference: Bool) -> (any FusibleKernel)?

  /// Takes maxima over windows of the result, which is of the given type.
  func takingMaxima(_ pooling: PoolingOperation, of output: NodeType) -> (any FusibleKernel)?

  /// Normalises the result with known statistics: its parameters are the last four inputs.
  func normalized(epsilon: Float) -> (any FusibleKernel)?

  /// Takes `x · scale + offset` for the first input `x`, of which no gradient is wanted.
  func scalingInput(scale: Float, offset: Float, isInference: Bool) -> (any FusibleKernel)?
}

extension FusibleKernel {
  func addingBias() -> (any FusibleKernel)? { nil }

  func addingValue(isInference: Bool) -> (any FusibleKernel)? { nil }

  func takingMaxima(_ pooling: PoolingOperation, of output: NodeType) -> (any FusibleKernel)? {
    nil
  }

  func normalized(epsilon: Float) -> (any FusibleKernel)? { nil }

  func scalingInput(scale: Float, offset: Float, isInference: Bool) -> (any FusibleKernel)? { nil }
}
