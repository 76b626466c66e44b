internal import CKernels

extension WinogradConvolution {
  /// Whether tiles are whole windows of 2 × 2: then results can go through their maxima in the
  /// transform back, and gradients in theirs.
  var tilesAreWindows: Bool {
    shape.tile % 2 == 0 && geometry.outputHeight % 2 == 0 && geometry.outputWidth % 2 == 0
  }

  /// y = the maxima over windows of 2 × 2, side by side, of x ∗ weights + bias, then relu if it
  /// `rectifies`; on the calling thread.
  ///
  /// Only where ``tilesAreWindows`` and ``isFused``.
  ///
  /// - Parameters:
  ///   - indices: As in ``PooledConvolution``.
  ///   - scratch: As many floats as ``forwardScratchCount(maximumBatch:threadCount:)`` says for one
  ///     thread.
  func forwardMaxima(
    batch: Int, x: UnsafePointer<Float>, prepared: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, rectifies: Bool, y: UnsafeMutablePointer<Float>,
    indices: UnsafeMutablePointer<UInt8>?, scratch: UnsafeMutablePointer<Float>
  ) {
    let count = batch * tilesPerImage
    let tiles = Chunks(of: count, limit: fusedTileLimit(count))
    let products = FusedProducts(winograd: self, mostTiles: tiles.size)
    var shape = shape
    for chunk in 0..<tiles.count {
      let (first, count) = (tiles.start(chunk), tiles.length(chunk))
      let m = products.run(first: first, count: count, x: x, prepared: prepared, scratch: scratch)
      nk_winograd_pooled_output(
        &shape, m, products.m.pointStep, products.m.channels, first, count, bias, rectifies, y,
        indices)
    }
  }
}
