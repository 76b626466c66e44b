internal import CKernels
internal import Threads

extension PatchConvolution {
  /// The gradient of the weights: patchesᵀ · dz.
  ///
  /// Either parts of the batch sum into places of their own, which are then summed in a tree; or,
  /// where weights are many or rows are few, every part of the weights sums over the whole batch.
  static func backwardWeights(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, accumulate: Bool, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    let rows = batch * geometry.outputPixels
    if splitsWeights(geometry, rows: rows) {
      let channels = Chunks(of: geometry.groupInputChannels, size: channelsOfPart(geometry))
      team.run(
        PlaceBackwardWeights(
          geometry: geometry, window: geometry.window, channels: channels, rows: rows,
          tileRows: mostTileRows(geometry, rows: rows), x: x, dz: dz, dWeights: dWeights,
          dBias: dBias, accumulate: accumulate, scratch: scratch))
      return
    }
    let parts = weightParts(geometry, rows: rows)
    let batches = Chunks(of: rows, size: max(1, (rows + parts - 1) / parts))
    // The reduction of a product: 192 are enough, and more only leave the cache.
    let tileRows = min(mostTileRows(geometry, rows: rows), geometry.patchSize < 64 ? 512 : 192)
    let partials = scratch + team.threadCount * roundedToLine(tileRows * geometry.patchSize)
    team.run(
      PartialBackwardWeights(
        geometry: geometry, window: geometry.window, batches: batches, tileRows: tileRows, x: x,
        dz: dz, wantsBias: dBias != nil, partials: partials, scratch: scratch))
    team.run(
      PartialSums(
        partials: partials, parts: batches.count, weightCount: geometry.weightCount,
        biasCount: geometry.outputChannels, weights: dWeights, bias: dBias,
        accumulate: accumulate))
  }

  /// Weights from which on partial sums are avoided: they would take 16 MiB.
  private static let manyWeights = 1 << 18

  private static func splitsWeights(_ geometry: ConvolutionGeometry, rows: Int) -> Bool {
    if alwaysSplitsWeights(geometry) { return true }
    let places = geometry.kernelHeight * geometry.kernelWidth
    return geometry.groupInputChannels >= 16 && geometry.groups == 1 && places >= 4
      && weightParts(geometry, rows: rows) < 8
  }

  private static func alwaysSplitsWeights(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.weightCount >= manyWeights && geometry.groupInputChannels >= 16
      && geometry.groups == 1
  }

  /// The parts of the batch that have places of their own in the scratch memory.
  static func mostPartials(_ geometry: ConvolutionGeometry, rows: Int) -> Int {
    alwaysSplitsWeights(geometry) ? 0 : weightParts(geometry, rows: rows)
  }

  /// The parts of the batch: at most 16, of at least 256 rows, and fewer where weights are many.
  private static func weightParts(_ geometry: ConvolutionGeometry, rows: Int) -> Int {
    max(1, min(16, rows / 256, 16 * manyWeights / geometry.weightCount))
  }

  /// Input channels that one chunk has of one place of the kernel: for 16 chunks or more in all,
  /// but not fewer than 128, lest dz be packed for too little work.
  private static func channelsOfPart(_ geometry: ConvolutionGeometry) -> Int {
    let channels = geometry.groupInputChannels
    let places = geometry.kernelHeight * geometry.kernelWidth
    let wanted = (16 + places - 1) / places
    let parts = max(1, min(wanted, channels / 128))
    return (channels + parts - 1) / parts
  }
}

/// Parts of the batch, each into its own place.
private struct PartialBackwardWeights: ParallelTask {
  let geometry: ConvolutionGeometry
  let window: nk_window
  let batches: Chunks
  let tileRows: Int
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  let wantsBias: Bool
  let partials: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>

  var chunkCount: Int { batches.count }

  func run(chunk: Int, worker: Int) {
    let patchSize = geometry.patchSize
    let inputs = geometry.groupInputChannels
    let outputs = geometry.groupOutputChannels
    let part =
      partials + chunk
      * PartialSums.stride(weightCount: geometry.weightCount, biasCount: geometry.outputChannels)
    let patches = PatchConvolution.patches(
      scratch, tileRows: tileRows, patchSize: patchSize, worker: worker)
    let end = batches.start(chunk) + batches.length(chunk)
    var row = batches.start(chunk)
    var beta: Float = 0
    while row < end {
      let count = min(tileRows, end - row)
      for group in 0..<geometry.groups {
        withUnsafePointer(to: window) {
          nk_gather_patches($0, x + group * inputs, inputs, row, count, patches)
        }
        GEMM.multiply(
          m: patchSize, n: outputs, k: count, a: patches, lda: patchSize, transposeA: true,
          b: dz + row * geometry.outputChannels + group * outputs, ldb: geometry.outputChannels,
          c: part + group * outputs, ldc: geometry.outputChannels, beta: beta)
      }
      row += count
      beta = 1
    }
    if wantsBias {
      nk_column_sums(
        dz + batches.start(chunk) * geometry.outputChannels, geometry.outputChannels,
        batches.length(chunk), geometry.outputChannels, false,
        part + roundedToLine(geometry.weightCount))
    }
  }
}

/// Parts of the weights (one place of the kernel, some input channels), each over the whole batch.
private struct PlaceBackwardWeights: ParallelTask {
  let geometry: ConvolutionGeometry
  let window: nk_window
  let channels: Chunks
  let rows: Int
  let tileRows: Int
  let x: UnsafePointer<Float>
  let dz: UnsafePointer<Float>
  let dWeights: UnsafeMutablePointer<Float>
  let dBias: UnsafeMutablePointer<Float>?
  let accumulate: Bool
  let scratch: UnsafeMutablePointer<Float>

  private var weightChunks: Int {
    geometry.kernelHeight * geometry.kernelWidth * channels.count
  }
  private var biasChunks: Chunks {
    Chunks(of: dBias == nil ? 0 : geometry.outputChannels, size: 128)
  }

  var chunkCount: Int { weightChunks + biasChunks.count }

  func run(chunk: Int, worker: Int) {
    let outputs = geometry.outputChannels
    guard chunk < weightChunks else {
      if let dBias {
        let first = biasChunks.start(chunk - weightChunks)
        nk_column_sums(
          dz + first, outputs, rows, biasChunks.length(chunk - weightChunks), accumulate,
          dBias + first)
      }
      return
    }
    let place = chunk / channels.count
    let firstChannel = channels.start(chunk % channels.count)
    let channelCount = channels.length(chunk % channels.count)
    // One place of the kernel is a kernel of one place, elsewhere.
    var window = window
    window.padding_top -= place / geometry.kernelWidth * geometry.dilationHeight
    window.padding_left -= place % geometry.kernelWidth * geometry.dilationWidth
    window.kernel_height = 1
    window.kernel_width = 1
    let patches = PatchConvolution.patches(
      scratch, tileRows: tileRows, patchSize: geometry.patchSize, worker: worker)
    let result = dWeights + (place * geometry.groupInputChannels + firstChannel) * outputs
    let perTile = tileRows * geometry.patchSize / channelCount
    var row = 0
    var beta: Float = accumulate ? 1 : 0
    while row < rows {
      let count = min(min(perTile, 256), rows - row)
      nk_gather_patches(&window, x + firstChannel, channelCount, row, count, patches)
      GEMM.multiply(
        m: channelCount, n: outputs, k: count, a: patches, lda: channelCount, transposeA: true,
        b: dz + row * outputs, ldb: outputs, c: result, ldc: outputs, beta: beta)
      row += count
      beta = 1
    }
  }
}
