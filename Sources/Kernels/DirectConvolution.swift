internal import CKernels
internal import Threads

/// Convolution as an implicit product of matrices: the pixels of the images are the rows, found by
/// their offsets, and no patch is copied.
///
/// Images that need padding are copied with it first.
enum DirectConvolution {
  static func forward(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    prepared: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    addend: UnsafePointer<Float>? = nil, function: ElementwiseFunction, parameter: Float,
    y: UnsafeMutablePointer<Float>, moments: ColumnMoments?, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    let source = PatchSource(geometry, batch: batch, x: x, scratch: scratch, team: team)
    let matrix = forwardMatrix(geometry)
    for group in 0..<geometry.groups {
      let column = group * geometry.groupOutputChannels
      team.run(
        TileProduct(
          rows: batch * geometry.outputPixels, matrix: matrix,
          a: source.x + group * geometry.groupInputChannels, aRows: source.rows,
          runs: source.runs, runCount: source.runCount, packed: prepared + group * matrix.count,
          c: y + column, cRows: .rows(step: geometry.outputChannels),
          bias: bias.map { $0 + column }, addend: addend.map { $0 + column }, function: function,
          parameter: parameter, moments: moments.map { ($0, column) }))
    }
  }

  /// The gradient of the weights: patchesᵀ · dz.
  static func backwardWeights(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, accumulate: Bool, mostParts: Int,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let source = PatchSource(geometry, batch: batch, x: x, scratch: scratch, team: team)
    let shape = reductionShape(geometry, batch: batch, mostParts: mostParts)
    let workers = scratch + PatchSource.scratchCount(geometry, batch: batch)
    let sums = GradientSums(
      parts: shape.parts.count, weightCount: geometry.weightCount,
      biasCount: geometry.outputChannels, dWeights: dWeights, dBias: dBias,
      accumulate: accumulate, partials: workers + team.threadCount * TileReduction.workerScratch)
    for group in 0..<geometry.groups {
      team.run(
        TileReduction(
          shape: shape, a: source.x + group * geometry.groupInputChannels, aRows: source.rows,
          runs: source.runs, runCount: source.runCount, dz: dz, rowStep: geometry.outputChannels,
          firstColumn: group * geometry.groupOutputChannels, sums: sums, scratch: workers))
    }
    sums.combine(team: team)
  }

  static func scratchCount(
    _ geometry: ConvolutionGeometry, maximumBatch: Int, pass: ConvolutionPass, mostParts: Int,
    threadCount: Int
  ) -> Int {
    switch pass {
    case .forward:
      return PatchSource.scratchCount(geometry, batch: maximumBatch)
    case .backwardData:
      return backwardDataScratchCount(geometry, batch: maximumBatch)
    case .backwardWeights:
      return PatchSource.scratchCount(geometry, batch: maximumBatch)
        + threadCount * TileReduction.workerScratch
        + GradientSums.scratchCount(
          parts: reductionShape(geometry, batch: maximumBatch, mostParts: mostParts).parts.count,
          weightCount: geometry.weightCount, biasCount: geometry.outputChannels)
    }
  }

  /// The packed weights of one group.
  static func forwardMatrix(_ geometry: ConvolutionGeometry) -> PackedMatrix {
    PackedMatrix(depth: geometry.patchSize, columns: geometry.groupOutputChannels)
  }

  private static func reductionShape(
    _ geometry: ConvolutionGeometry, batch: Int, mostParts: Int
  ) -> TileReduction.Shape {
    TileReduction.Shape(
      rows: batch * geometry.outputPixels, places: geometry.patchSize,
      columns: geometry.groupOutputChannels, mostParts: mostParts)
  }

  /// Floats of the packed weights.
  static func preparedCount(_ geometry: ConvolutionGeometry, pass: ConvolutionPass) -> Int {
    switch pass {
    case .forward: geometry.groups * forwardMatrix(geometry).count
    case .backwardData: backwardDataPreparedCount(geometry)
    case .backwardWeights: 0
    }
  }

  static func prepare(
    _ geometry: ConvolutionGeometry, pass: ConvolutionPass, weights: UnsafePointer<Float>,
    into prepared: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    switch pass {
    case .forward:
      let matrix = forwardMatrix(geometry)
      for group in 0..<geometry.groups {
        matrix.pack(
          weights + group * geometry.groupOutputChannels, rowStep: geometry.outputChannels,
          into: prepared + group * matrix.count, team: team)
      }
    case .backwardData:
      prepareBackwardData(geometry, weights: weights, into: prepared, team: team)
    case .backwardWeights:
      break
    }
  }
}

/// The patches that a kernel sees, as rows of a matrix that is not made: where its rows and their
/// terms lie in the images, padded if need be.
struct PatchSource {
  /// The images, or their padded copies in the scratch memory.
  let x: UnsafePointer<Float>
  /// Output pixels, to the first pixel that each sees.
  let rows: nk_walk
  let runs: UnsafePointer<nk_run>
  let runCount: Int

  init(
    _ geometry: ConvolutionGeometry, batch: Int, x: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let g = geometry
    let channels = g.inputChannels
    let padded = Self.paddedImages(g)
    rows = nk_walk(
      inner: g.outputWidth, inner_step: g.strideWidth * channels, middle: g.outputHeight,
      middle_step: g.strideHeight * padded.lineCount, outer_step: padded.count)
    // A line of a dense kernel is one run.
    let joins = g.groups == 1 && g.dilationWidth == 1
    runCount = joins ? g.kernelHeight : g.kernelHeight * g.kernelWidth
    let runs = UnsafeMutableRawPointer(scratch).bindMemory(to: nk_run.self, capacity: runCount)
    for ky in 0..<g.kernelHeight {
      let line = ky * g.dilationHeight * padded.lineCount
      if joins {
        runs[ky] = nk_run(offset: line, length: g.kernelWidth * channels)
      } else {
        for kx in 0..<g.kernelWidth {
          runs[ky * g.kernelWidth + kx] = nk_run(
            offset: line + kx * g.dilationWidth * channels, length: g.groupInputChannels)
        }
      }
    }
    self.runs = UnsafePointer(runs)
    self.x = padded.fill(
      from: x, batch: batch, into: scratch + Self.runsCount(geometry), team: team)
  }

  static func scratchCount(_ geometry: ConvolutionGeometry, batch: Int) -> Int {
    runsCount(geometry) + paddedImages(geometry).scratchCount(batch: batch)
  }

  // A padding below zero at the end leaves lines out: they are just not looked at.
  private static func paddedImages(_ geometry: ConvolutionGeometry) -> PaddedImages {
    var padding = geometry.padding
    padding.bottom = max(0, padding.bottom)
    padding.right = max(0, padding.right)
    return PaddedImages(
      height: geometry.inputHeight, width: geometry.inputWidth, channels: geometry.inputChannels,
      padding: padding)
  }

  private static func runsCount(_ geometry: ConvolutionGeometry) -> Int {
    roundedToLine(
      geometry.kernelHeight * geometry.kernelWidth * MemoryLayout<nk_run>.size
        / MemoryLayout<Float>.size)
  }
}
