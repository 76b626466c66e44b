internal import CKernels
internal import Threads

/// Convolution with kernels of 3 × 3 by Winograd's minimal filtering: tiles of the images and the
/// weights are transformed, multiplied point by point, and transformed back.
///
/// F(4×4, 3×3) takes a quarter of the multiplications and F(2×2, 3×3) four ninths. The gradients
/// are the adjoints of the same transforms: Lavin and Gray (2016).
///
/// Two schedules. Where the transformed weights fit a second-level cache, a chunk takes a few tiles
/// through all phases; else each phase runs over many images before the next.
struct WinogradConvolution {
  let geometry: ConvolutionGeometry
  let shape: nk_winograd
  /// The products that a tile consists of.
  let points: Int
  /// The tiles of an image, in lines.
  let tilesDown: Int
  let tilesAcross: Int

  init(_ geometry: ConvolutionGeometry, tile: Int) {
    self.geometry = geometry
    let (down, across) = (
      (geometry.outputHeight + tile - 1) / tile, (geometry.outputWidth + tile - 1) / tile
    )
    shape = nk_winograd(
      tile: tile, tiles_y: down, tiles_x: across, input_height: geometry.inputHeight,
      input_width: geometry.inputWidth, input_channels: geometry.inputChannels,
      output_height: geometry.outputHeight, output_width: geometry.outputWidth,
      output_channels: geometry.outputChannels, padding_top: geometry.padding.top,
      padding_left: geometry.padding.left)
    points = (tile + 2) * (tile + 2)
    (tilesDown, tilesAcross) = (down, across)
  }

  static func supports(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.kernelHeight == 3 && geometry.kernelWidth == 3 && geometry.strideHeight == 1
      && geometry.strideWidth == 1 && geometry.dilationHeight == 1 && geometry.dilationWidth == 1
      && geometry.groups == 1
  }

  var tilesPerImage: Int { tilesDown * tilesAcross }
  var inputs: Int { geometry.inputChannels }
  var outputs: Int { geometry.outputChannels }

  /// Whether a chunk takes its tiles through all phases.
  var isFused: Bool { inputs * outputs <= 64 * 64 }

  /// Floats from the packed matrix of one point to the next: input × output channels forward, the
  /// transpose backward.
  func matrixStep(_ pass: ConvolutionPass) -> Int {
    (pass == .forward ? nk_packed_count(inputs, outputs) : nk_packed_count(outputs, inputs))
      + NK_WINOGRAD_GAP
  }

  /// Floats from the gradient of one point's weights to the next.
  var gradientStep: Int { roundedToLine(inputs * outputs) + NK_WINOGRAD_GAP }

  /// The transformed tiles of one side: [points][tiles][channels], with a gap behind each point so
  /// that not all of them fall into the same sets of a cache.
  struct Transformed {
    let tiles: Int
    let channels: Int

    var pointStep: Int { roundedToLine(tiles * channels) + NK_WINOGRAD_GAP }
    func count(points: Int) -> Int { points * pointStep }
  }

  func preparedCount(_ pass: ConvolutionPass) -> Int {
    pass == .backwardWeights ? 0 : points * matrixStep(pass)
  }

  /// Transforms the weights for a pass.
  func prepare(
    _ pass: ConvolutionPass, weights: UnsafePointer<Float>,
    into prepared: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    if pass == .backwardWeights { return }
    team.run(
      TransformWeights(
        shape: shape, channels: Chunks(of: inputs, size: 16), transposed: pass == .backwardData,
        weights: weights, prepared: prepared))
  }

  /// Floats that the transformed tiles of one chunk may take: they and the weights of one point
  /// should stay in a second-level cache of a megabyte.
  private static let chunkFloats = 160 << 10

  /// The most tiles of a chunk that takes them through all phases.
  var mostFusedTiles: Int { max(12, Self.chunkFloats / (points * (inputs + outputs))) }

  /// The most tiles of a forward chunk of so many tiles in all: sixteen chunks, where that leaves
  /// enough rows for the products.
  func fusedTileLimit(_ tiles: Int) -> Int { min(mostFusedTiles, max(20, tiles / 16)) }

  /// Floats that the transformed tiles of one phase may take: 16 MiB of a third-level cache.
  private static let phaseFloats = 4 << 20

  /// The most images that one run through the phases takes.
  func phaseImageLimit(_ batch: Int) -> Int {
    max(1, min(batch, Self.phaseFloats / (points * tilesPerImage * (inputs + outputs))))
  }
}

private struct TransformWeights: ParallelTask {
  let shape: nk_winograd
  let channels: Chunks
  let transposed: Bool
  let weights: UnsafePointer<Float>
  let prepared: UnsafeMutablePointer<Float>

  var chunkCount: Int { channels.count }

  func run(chunk: Int, worker: Int) {
    withUnsafePointer(to: shape) {
      nk_winograd_weights(
        $0, weights, channels.start(chunk), channels.length(chunk), transposed, prepared)
    }
  }
}
