internal import CKernels
internal import Threads

/// Convolution by im2row: tiles of patches times the weights, one BLAS call a tile.
enum PatchConvolution {
  /// Floats of patches and output that one tile may take, if that leaves it enough rows: they
  /// should stay in a second-level cache of 512 KiB or more.
  static let tileFloats = 1 << 17

  /// The most output pixels of a tile: at least 192, to make up for packing the weights once a
  /// tile (measured: 64 lose 10 %, more than 192 gain nothing).
  static func mostTileRows(_ geometry: ConvolutionGeometry, rows: Int) -> Int {
    let fitting = tileFloats / (geometry.patchSize + geometry.groupOutputChannels)
    return min(rows, min(512, max(192, fitting)))
  }

  /// The output pixels of a tile.
  ///
  /// Few are cut finer, so that many threads have work.
  private static func tileRows(_ geometry: ConvolutionGeometry, rows: Int) -> Int {
    let fair = max(64, (rows + 31) / 32)
    let limit = max(1, min(mostTileRows(geometry, rows: rows), fair))
    // Tiles of equal size rather than a small last one.
    let tiles = max(1, (rows + limit - 1) / limit)
    return max(1, (rows + tiles - 1) / tiles)
  }

  static func forward(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, function: ElementwiseFunction,
    parameter: Float, y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    let rows = batch * geometry.outputPixels
    let tiles = Chunks(of: rows, size: tileRows(geometry, rows: rows))
    team.run(
      PatchForward(
        geometry: geometry, window: geometry.window, tiles: tiles, x: x, weights: weights,
        bias: bias, function: function.rawValue, parameter: parameter, y: y, scratch: scratch))
  }

  static func scratchCount(
    _ geometry: ConvolutionGeometry, maximumBatch: Int, pass: ConvolutionPass, threadCount: Int
  ) -> Int {
    let most = mostTileRows(geometry, rows: maximumBatch * geometry.outputPixels)
    let patches = threadCount * roundedToLine(most * geometry.patchSize)
    guard pass == .backwardWeights else { return patches }
    return patches
      + mostPartials(geometry, rows: maximumBatch * geometry.outputPixels)
      * PartialSums.stride(
        weightCount: geometry.weightCount, biasCount: geometry.outputChannels)
  }

  /// The patches of one worker in the scratch memory.
  @inline(__always)
  static func patches(
    _ scratch: UnsafeMutablePointer<Float>, tileRows: Int, patchSize: Int, worker: Int
  ) -> UnsafeMutablePointer<Float> {
    scratch + worker * roundedToLine(tileRows * patchSize)
  }
}

private struct PatchForward: ParallelTask {
  let geometry: ConvolutionGeometry
  let window: nk_window
  let tiles: Chunks
  let x: UnsafePointer<Float>
  let weights: UnsafePointer<Float>
  let bias: UnsafePointer<Float>?
  let function: Int32
  let parameter: Float
  let y: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>

  var chunkCount: Int { tiles.count * geometry.groups }

  func run(chunk: Int, worker: Int) {
    let tile = chunk / geometry.groups
    let group = chunk % geometry.groups
    let firstRow = tiles.start(tile)
    let rows = tiles.length(tile)
    let patchSize = geometry.patchSize
    let outputs = geometry.groupOutputChannels
    let patches = PatchConvolution.patches(
      scratch, tileRows: tiles.size, patchSize: patchSize, worker: worker)
    withUnsafePointer(to: window) {
      nk_gather_patches(
        $0, x + group * geometry.groupInputChannels, geometry.groupInputChannels, firstRow, rows,
        patches)
    }
    let result = y + firstRow * geometry.outputChannels + group * outputs
    GEMM.multiply(
      m: rows, n: outputs, k: patchSize, a: patches, lda: patchSize,
      b: weights + group * outputs, ldb: geometry.outputChannels, c: result,
      ldc: geometry.outputChannels)
    finishTile(
      result, stride: geometry.outputChannels, rows: rows, columns: outputs,
      bias: bias.map { $0 + group * outputs }, function: function, parameter: parameter)
  }
}

/// Adds the bias to a tile and applies the function, while the tile is in cache.
@inline(__always)
func finishTile(
  _ tile: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int,
  bias: UnsafePointer<Float>?, function: Int32, parameter: Float
) {
  if bias == nil && function == ElementwiseFunction.identity.rawValue { return }
  nk_bias_activate(tile, stride, rows, columns, bias, function, parameter)
}
