internal import CKernels
internal import Threads

extension WinogradConvolution {
  /// What the backward pass reads and writes.
  struct Gradients {
    let x: UnsafePointer<Float>
    let dz: UnsafePointer<Float>
    /// Where in windows of 2 × 2 the pixels are that dz is the gradient of.
    ///
    /// Nil where it is that of all pixels. Only for the gradient of images, where
    /// ``WinogradConvolution/tilesAreWindows`` and ``WinogradConvolution/isFused``.
    var indices: UnsafePointer<UInt8>?
    /// The transformed weights of the pass, where `dx` is wanted.
    let prepared: UnsafePointer<Float>?
    /// Nil where it is not wanted; so the others.
    let dx: UnsafeMutablePointer<Float>?
    let addsToImages: Bool
    let dWeights: UnsafeMutablePointer<Float>?
    let dBias: UnsafeMutablePointer<Float>?
    let addsToWeights: Bool
  }

  /// The gradients of images and weights, which share the transform of dz.
  ///
  /// - Parameter mostParts: Parts of the batch that may have partial sums of their own.
  func backward(
    batch: Int, _ gradients: Gradients, mostParts: Int, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    guard let images = parts(batch, mostParts: mostParts) else {
      backwardPhases(batch: batch, gradients, scratch: scratch, team: team)
      return
    }
    let sums = gradients.dWeights.map {
      GradientSums(
        parts: images.count, weightCount: geometry.weightCount, biasCount: outputs, dWeights: $0,
        dBias: gradients.dBias, accumulate: gradients.addsToWeights, partials: scratch)
    }
    team.run(
      FusedBackward(
        winograd: self, images: images,
        tiles: Chunks(of: images.size * tilesPerImage, limit: mostFusedTiles).size,
        gradients: gradients, sums: sums, scratch: scratch + partialsCount(images.count)))
    sums?.combine(team: team)
  }

  /// Tiles that make up for the transform of a part's weight gradients.
  private static let leastPartTiles = 36

  /// The parts of the batch, each of which goes through all phases; nil if each phase runs over all
  /// images, because the weights are many or the parts would be few.
  private func parts(_ batch: Int, mostParts: Int) -> Chunks? {
    guard isFused else { return nil }
    if mostParts == 1 { return Chunks(of: batch, size: batch) }
    let count = min(mostParts, batch * tilesPerImage / Self.leastPartTiles)
    if count < 4 { return nil }
    return Chunks(of: batch, limit: max(1, (batch + count - 1) / count))
  }

  private func partialsCount(_ parts: Int) -> Int {
    GradientSums.scratchCount(
      parts: parts, weightCount: geometry.weightCount, biasCount: outputs)
  }

  func backwardScratchCount(maximumBatch: Int, mostParts: Int, threadCount: Int) -> Int {
    var count = 0
    if isFused {
      let tiles = min(maximumBatch * tilesPerImage, mostFusedTiles)
      count =
        partialsCount(mostParts) + threadCount * FusedBackward.workerScratch(self, tiles: tiles)
      if mostParts == 1 { return count }
    }
    // A small batch may go through the phases where a large one goes in parts.
    var batch = maximumBatch
    if isFused { batch = min(batch, (4 * Self.leastPartTiles + tilesPerImage - 1) / tilesPerImage) }
    let tiles = phaseImageLimit(batch) * tilesPerImage
    return max(
      count,
      Transformed(tiles: tiles, channels: inputs).count(points: points)
        + Transformed(tiles: tiles, channels: outputs).count(points: points)
        + points * gradientStep + threadCount * TileReduction.workerScratch,
      Reductions.sumRowsScratchCount(rows: batch * geometry.outputPixels, columns: outputs))
  }

  private func backwardPhases(
    batch: Int, _ gradients: Gradients, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let images = Chunks(of: batch, limit: phaseImageLimit(batch))
    let most = images.size * tilesPerImage
    let m = scratch + Transformed(tiles: most, channels: inputs).count(points: points)
    let du = m + Transformed(tiles: most, channels: outputs).count(points: points)
    let packing = du + points * gradientStep
    for part in 0..<images.count {
      let tiles = images.length(part) * tilesPerImage
      let v = Transformed(tiles: tiles, channels: inputs)
      let to = Transformed(tiles: tiles, channels: outputs)
      let firstInput = images.start(part) * geometry.inputCount
      team.run(
        TransformTiles(
          winograd: self, side: .outputGradient, tiles: tiles,
          source: gradients.dz + images.start(part) * geometry.outputCount, target: m))
      if gradients.dWeights != nil {
        team.run(
          TransformTiles(
            winograd: self, side: .input, tiles: tiles, source: gradients.x + firstInput,
            target: scratch))
        team.run(
          PointReductions(
            winograd: self, v: scratch, input: v, m: m, output: to, du: du, accumulate: part > 0,
            scratch: packing))
      }
      if let dx = gradients.dx, let prepared = gradients.prepared {
        team.run(
          PointProducts(
            points: points, a: m, from: to, prepared: prepared,
            matrixStep: matrixStep(.backwardData), c: scratch, to: v))
        team.run(
          ScatterImages(
            winograd: self, images: images.length(part), v: scratch, dx: dx + firstInput,
            accumulate: gradients.addsToImages))
      }
    }
    if let dWeights = gradients.dWeights {
      team.run(
        WeightGradients(
          winograd: self, du: du, accumulate: gradients.addsToWeights, dWeights: dWeights))
      if let dBias = gradients.dBias {
        Reductions.sumRows(
          rows: batch * geometry.outputPixels, columns: outputs, x: gradients.dz, into: dBias,
          accumulate: gradients.addsToWeights, scratch: scratch, team: team)
      }
    }
  }
}

/// Some images through all phases, block of tiles by block of tiles.
private struct FusedBackward: ParallelTask {
  let winograd: WinogradConvolution
  let images: Chunks
  /// Tiles of a block.
  let tiles: Int
  let gradients: WinogradConvolution.Gradients
  let sums: GradientSums?
  let scratch: UnsafeMutablePointer<Float>

  static func workerScratch(_ winograd: WinogradConvolution, tiles: Int) -> Int {
    let v = WinogradConvolution.Transformed(tiles: tiles, channels: winograd.inputs)
    let m = WinogradConvolution.Transformed(tiles: tiles, channels: winograd.outputs)
    return v.count(points: winograd.points) + m.count(points: winograd.points)
      + winograd.points * winograd.gradientStep
      + TileReduction.workerScratch
  }

  var chunkCount: Int { images.count }

  func run(chunk: Int, worker: Int) {
    let geometry = winograd.geometry
    let (inputs, outputs, points) = (winograd.inputs, winograd.outputs, winograd.points)
    let v = WinogradConvolution.Transformed(tiles: tiles, channels: inputs)
    let m = WinogradConvolution.Transformed(tiles: tiles, channels: outputs)
    let input = scratch + worker * Self.workerScratch(winograd, tiles: tiles)
    let output = input + v.count(points: points)
    let du = output + m.count(points: points)
    let packing = du + points * winograd.gradientStep
    let start = images.start(chunk)
    if let dx = gradients.dx, !gradients.addsToImages {
      (dx + start * geometry.inputCount).update(
        repeating: 0, count: images.length(chunk) * geometry.inputCount)
    }
    var shape = winograd.shape
    var first = start * winograd.tilesPerImage
    let end = first + images.length(chunk) * winograd.tilesPerImage
    var adds = false
    while first < end {
      let count = min(tiles, end - first)
      if let indices = gradients.indices {
        nk_winograd_pooled_gradient(
          &shape, gradients.dz, indices, first, count, output, m.pointStep, outputs)
      } else {
        nk_winograd_output_gradient(
          &shape, gradients.dz, first, count, output, m.pointStep, outputs)
      }
      if gradients.dWeights != nil {
        nk_winograd_input(&shape, gradients.x, first, count, input, v.pointStep, inputs)
      }
      for point in 0..<points {
        let (pointInput, pointOutput) = (
          input + point * v.pointStep, output + point * m.pointStep
        )
        if gradients.dWeights != nil {
          reducePoint(
            tiles: count, v: pointInput, inputs: inputs, m: pointOutput, outputs: outputs,
            columns: 0..<outputs, du: du + point * winograd.gradientStep, accumulate: adds,
            packing: packing)
        }
        if gradients.dx != nil, let prepared = gradients.prepared {
          multiplyPoint(
            rows: 0..<count, a: pointOutput, channels: outputs,
            prepared: prepared + point * winograd.matrixStep(.backwardData), c: pointInput,
            columns: inputs)
        }
      }
      if let dx = gradients.dx {
        nk_winograd_input_gradient(&shape, input, v.pointStep, inputs, first, count, dx)
      }
      first += count
      adds = true
    }
    guard let sums else { return }
    nk_winograd_weight_gradient(
      &shape, du, winograd.gradientStep, 0, inputs * outputs, sums.addsFirst,
      sums.weights(chunk))
    if let bias = sums.bias(chunk) {
      nk_column_sums(
        gradients.dz + start * geometry.outputCount, outputs,
        images.length(chunk) * geometry.outputPixels, outputs, sums.addsFirst, bias)
    }
  }
}

/// du = vᵀ · m, or += , for some columns of one point.
private func reducePoint(
  tiles: Int, v: UnsafePointer<Float>, inputs: Int, m: UnsafePointer<Float>, outputs: Int,
  columns: Range<Int>, du: UnsafeMutablePointer<Float>, accumulate: Bool,
  packing: UnsafeMutablePointer<Float>
) {
  var run = nk_run(offset: 0, length: inputs)
  var (vRows, mRows) = (nk_walk.rows(step: inputs), nk_walk.rows(step: outputs))
  let most = NK_REDUCTION_DEPTH
  for column in stride(
    from: columns.lowerBound, to: columns.upperBound, by: TileReduction.mostColumns)
  {
    let width = min(TileReduction.mostColumns, columns.upperBound - column)
    let isPacked = nk_is_packed(width) && width == outputs
    for row in stride(from: 0, to: tiles, by: most) {
      let count = min(most, tiles - row)
      if !isPacked { nk_pack_rows(count, &mRows, row, m + column, width, count, 0, packing) }
      nk_tile_reduction(
        row, count, v, &vRows, 1, &run, 0, inputs,
        isPacked ? m + row * outputs : UnsafePointer(packing), width, du + column, outputs,
        accumulate || row > 0, nil)
    }
  }
}

/// The gradients of the transformed weights, cut by points and by columns.
private struct PointReductions: ParallelTask {
  let winograd: WinogradConvolution
  let v: UnsafePointer<Float>
  let input: WinogradConvolution.Transformed
  let m: UnsafePointer<Float>
  let output: WinogradConvolution.Transformed
  let du: UnsafeMutablePointer<Float>
  let accumulate: Bool
  let scratch: UnsafeMutablePointer<Float>

  private var columns: Chunks { Chunks(of: output.channels, size: TileReduction.mostColumns) }

  var chunkCount: Int { winograd.points * columns.count }

  func run(chunk: Int, worker: Int) {
    let point = chunk / columns.count
    let first = columns.start(chunk % columns.count)
    reducePoint(
      tiles: input.tiles, v: v + point * input.pointStep, inputs: input.channels,
      m: m + point * output.pointStep, outputs: output.channels,
      columns: first..<first + columns.length(chunk % columns.count),
      du: du + point * winograd.gradientStep, accumulate: accumulate,
      packing: scratch + worker * TileReduction.workerScratch)
  }
}

/// The gradients of images from those of their tiles, an image a chunk: tiles overlap.
private struct ScatterImages: ParallelTask {
  let winograd: WinogradConvolution
  let images: Int
  let v: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { images }

  func run(chunk: Int, worker: Int) {
    let count = winograd.geometry.inputCount
    if !accumulate { (dx + chunk * count).update(repeating: 0, count: count) }
    let tiles = winograd.tilesPerImage
    let side = WinogradConvolution.Transformed(tiles: images * tiles, channels: winograd.inputs)
    var shape = winograd.shape
    nk_winograd_input_gradient(
      &shape, v + chunk * tiles * side.channels, side.pointStep, side.channels, chunk * tiles,
      tiles, dx)
  }
}

/// The gradients of the weights from those of the transformed weights.
private struct WeightGradients: ParallelTask {
  let winograd: WinogradConvolution
  let du: UnsafePointer<Float>
  let accumulate: Bool
  let dWeights: UnsafeMutablePointer<Float>

  private var elements: Chunks { Chunks(of: winograd.inputs * winograd.outputs, size: 1024) }

  var chunkCount: Int { elements.count }

  func run(chunk: Int, worker: Int) {
    var shape = winograd.shape
    nk_winograd_weight_gradient(
      &shape, du, winograd.gradientStep, elements.start(chunk), elements.length(chunk), accumulate,
      dWeights)
  }
}
