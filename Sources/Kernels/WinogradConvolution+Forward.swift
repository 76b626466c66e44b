internal import CKernels
internal import Threads

extension WinogradConvolution {
  func forward(
    batch: Int, x: UnsafePointer<Float>, prepared: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, addend: UnsafePointer<Float>? = nil,
    function: ElementwiseFunction, parameter: Float, y: UnsafeMutablePointer<Float>,
    moments: ColumnMoments? = nil, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let finish = nk_tile_finish(addend: addend, relu: function == .relu, bias: bias)
    if isFused {
      // Whole lines only where moments ask for them.
      let lines = moments == nil ? nil : fusedTileLines(batch)
      let count = batch * tilesPerImage
      team.run(
        FusedForward(
          winograd: self,
          tiles: lines.map(tiles(of:)) ?? Chunks(of: count, limit: fusedTileLimit(count)), x: x,
          prepared: prepared, finish: finish, y: y, moments: lines == nil ? nil : moments,
          scratch: scratch))
      if lines == nil { moments?.take(team: team) }
    } else {
      let images = Chunks(of: batch, limit: phaseImageLimit(batch))
      for part in 0..<images.count {
        let first = images.start(part) * geometry.outputCount
        var finish = finish
        if let addend { finish.addend = addend + first }
        forwardPhases(
          images: images.length(part), x: x + images.start(part) * geometry.inputCount,
          prepared: prepared, finish: finish, y: y + first,
          moments: moments.map { ($0, part * phaseTileLines(images.size).count) },
          scratch: scratch, team: team)
      }
    }
    if function != .relu && function != .identity {
      Elementwise.forward(
        function, parameter: parameter, count: batch * geometry.outputCount, x: y, y: y,
        team: team)
    }
  }

  private func forwardPhases(
    images: Int, x: UnsafePointer<Float>, prepared: UnsafePointer<Float>, finish: nk_tile_finish,
    y: UnsafeMutablePointer<Float>, moments: (of: ColumnMoments, firstPart: Int)?,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let tiles = images * tilesPerImage
    let v = Transformed(tiles: tiles, channels: inputs)
    let m = Transformed(tiles: tiles, channels: outputs)
    let products = scratch + v.count(points: points)
    team.run(TransformTiles(winograd: self, side: .input, tiles: tiles, source: x, target: scratch))
    team.run(
      PointProducts(
        points: points, a: scratch, from: v, prepared: prepared, matrixStep: matrixStep(.forward),
        c: products, to: m))
    team.run(
      TransformBack(
        winograd: self,
        tiles: moments == nil ? transformChunks(tiles) : self.tiles(of: phaseTileLines(images)),
        m: products, finish: finish, y: y, moments: moments))
  }

  func forwardScratchCount(maximumBatch: Int, threadCount: Int) -> Int {
    if isFused {
      let tiles = fusedTileLimit(maximumBatch * tilesPerImage)
      return threadCount * FusedProducts(winograd: self, mostTiles: tiles).scratchCount
    }
    let tiles = phaseImageLimit(maximumBatch) * tilesPerImage
    return Transformed(tiles: tiles, channels: inputs).count(points: points)
      + Transformed(tiles: tiles, channels: outputs).count(points: points)
  }
}

/// A few tiles through all phases.
private struct FusedForward: ParallelTask {
  let winograd: WinogradConvolution
  let tiles: Chunks
  let x: UnsafePointer<Float>
  let prepared: UnsafePointer<Float>
  let finish: nk_tile_finish
  let y: UnsafeMutablePointer<Float>
  let moments: ColumnMoments?
  let scratch: UnsafeMutablePointer<Float>

  var chunkCount: Int { tiles.count }

  func run(chunk: Int, worker: Int) {
    let products = FusedProducts(winograd: winograd, mostTiles: tiles.size)
    let (first, count) = (tiles.start(chunk), tiles.length(chunk))
    let m = products.run(
      first: first, count: count, x: x, prepared: prepared,
      scratch: scratch + worker * products.scratchCount)
    var (shape, finish) = (winograd.shape, finish)
    nk_winograd_output(
      &shape, m, products.m.pointStep, products.m.channels, first, count, y, &finish)
    moments?.take(part: chunk, columns: 0..<winograd.outputs)
  }
}

/// The transform of a few tiles of images and their products with the weights, up to the transform
/// back.
struct FusedProducts {
  let winograd: WinogradConvolution
  let v: WinogradConvolution.Transformed
  let m: WinogradConvolution.Transformed

  init(winograd: WinogradConvolution, mostTiles: Int) {
    self.winograd = winograd
    v = WinogradConvolution.Transformed(tiles: mostTiles, channels: winograd.inputs)
    m = WinogradConvolution.Transformed(tiles: mostTiles, channels: winograd.outputs)
  }

  var scratchCount: Int {
    v.count(points: winograd.points) + m.count(points: winograd.points)
  }

  /// - Returns: The products, laid out as ``m`` says.
  func run(
    first: Int, count: Int, x: UnsafePointer<Float>, prepared: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let output = scratch + v.count(points: winograd.points)
    var shape = winograd.shape
    nk_winograd_input(&shape, x, first, count, scratch, v.pointStep, v.channels)
    // What the tiles that follow will read comes while these are multiplied.
    let floats = count * winograd.geometry.inputCount / winograd.tilesPerImage
    let next = x + (first + count) * winograd.geometry.inputCount / winograd.tilesPerImage
    for point in 0..<winograd.points {
      let part = floats * point / winograd.points
      nk_prefetch(next + part, floats * (point + 1) / winograd.points - part)
      multiplyPoint(
        rows: 0..<count, a: scratch + point * v.pointStep, channels: v.channels,
        prepared: prepared + point * winograd.matrixStep(.forward),
        c: output + point * m.pointStep, columns: m.channels)
    }
    return UnsafePointer(output)
  }
}

/// c = a · b for some tiles of one point; b is packed.
func multiplyPoint(
  rows: Range<Int>, a: UnsafePointer<Float>, channels: Int, prepared: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, columns: Int
) {
  var run = nk_run(offset: 0, length: channels)
  var (aRows, cRows) = (nk_walk.rows(step: channels), nk_walk.rows(step: columns))
  var plain = nk_tile_finish(addend: nil, relu: false, bias: nil)
  nk_tile_product(
    rows.lowerBound, rows.count, a, &aRows, 1, &run, prepared, columns, c, &cRows, &plain)
}

/// The transform of images, or of the gradients of results, into tiles.
struct TransformTiles: ParallelTask {
  enum Side {
    case input
    case outputGradient
  }

  let winograd: WinogradConvolution
  let side: Side
  let tiles: Int
  let source: UnsafePointer<Float>
  let target: UnsafeMutablePointer<Float>

  private var chunks: Chunks { winograd.transformChunks(tiles) }

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let first = chunks.start(chunk)
    var shape = winograd.shape
    switch side {
    case .input:
      let v = WinogradConvolution.Transformed(tiles: tiles, channels: winograd.inputs)
      nk_winograd_input(
        &shape, source, first, chunks.length(chunk), target + first * v.channels, v.pointStep,
        v.channels)
    case .outputGradient:
      let m = WinogradConvolution.Transformed(tiles: tiles, channels: winograd.outputs)
      nk_winograd_output_gradient(
        &shape, source, first, chunks.length(chunk), target + first * m.channels, m.pointStep,
        m.channels)
    }
  }
}

extension WinogradConvolution {
  /// Tiles that one chunk transforms.
  func transformChunks(_ tiles: Int) -> Chunks {
    Chunks(of: tiles, size: max(1, Chunks.elements / (points * max(inputs, outputs))))
  }
}

/// The transform of products into results.
private struct TransformBack: ParallelTask {
  let winograd: WinogradConvolution
  let tiles: Chunks
  let m: UnsafePointer<Float>
  let finish: nk_tile_finish
  let y: UnsafeMutablePointer<Float>
  let moments: (of: ColumnMoments, firstPart: Int)?

  var chunkCount: Int { tiles.count }

  func run(chunk: Int, worker: Int) {
    let first = tiles.start(chunk)
    let side = WinogradConvolution.Transformed(tiles: tiles.total, channels: winograd.outputs)
    var (shape, finish) = (winograd.shape, finish)
    nk_winograd_output(
      &shape, m + first * side.channels, side.pointStep, side.channels, first,
      tiles.length(chunk), y, &finish)
    if let moments {
      moments.of.take(part: moments.firstPart + chunk, columns: 0..<winograd.outputs)
    }
  }
}

/// The products of all points, cut by points and by tiles.
struct PointProducts: ParallelTask {
  let points: Int
  let a: UnsafePointer<Float>
  let from: WinogradConvolution.Transformed
  let prepared: UnsafePointer<Float>
  let matrixStep: Int
  let c: UnsafeMutablePointer<Float>
  let to: WinogradConvolution.Transformed

  // Every part of the tiles reads the weights again.
  private var rows: Chunks { Chunks(of: from.tiles, size: 126) }

  var chunkCount: Int { points * rows.count }

  func run(chunk: Int, worker: Int) {
    let point = chunk / rows.count
    let first = rows.start(chunk % rows.count)
    multiplyPoint(
      rows: first..<first + rows.length(chunk % rows.count), a: a + point * from.pointStep,
      channels: from.channels, prepared: prepared + point * matrixStep,
      c: c + point * to.pointStep, columns: to.channels)
  }
}
