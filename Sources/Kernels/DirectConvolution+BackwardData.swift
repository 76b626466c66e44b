internal import CKernels
internal import Threads

extension DirectConvolution {
  /// The gradient of the images.
  ///
  /// Pixels of x whose coordinates leave the same remainders by the strides see the same places of
  /// the kernel: each such class is a convolution of dz, padded, with a part of the kernel.
  static func backwardData(
    _ geometry: ConvolutionGeometry, batch: Int, dz: UnsafePointer<Float>,
    prepared: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let g = geometry
    let padded = gradientImages(g)
    let runs = UnsafeMutableRawPointer(scratch).bindMemory(
      to: nk_run.self, capacity: g.kernelHeight * g.kernelWidth)
    let source = padded.fill(
      from: dz, batch: batch, into: scratch + gradientRunsCount(g), team: team)
    var packed = prepared
    for y in 0..<g.strideHeight {
      let lines = AxisClass.vertical(g, remainder: y)
      for x in 0..<g.strideWidth {
        let columns = AxisClass.horizontal(g, remainder: x)
        var runCount = 0
        for ky in lines.places {
          for kx in columns.places {
            let line = padded.padding.top + lines.offset(ky)
            let column = padded.padding.left + columns.offset(kx)
            runs[runCount] = nk_run(
              offset: line * padded.lineCount + column * g.outputChannels,
              length: g.groupOutputChannels)
            runCount += 1
          }
        }
        let matrix = PackedMatrix(
          depth: runCount * g.groupOutputChannels, columns: g.groupInputChannels)
        for group in 0..<g.groups {
          let first = dx + (y * g.inputWidth + x) * g.inputChannels + group * g.groupInputChannels
          if lines.count > 0 && columns.count > 0 && !(accumulate && runCount == 0) {
            team.run(
              TileProduct(
                rows: batch * lines.count * columns.count, matrix: matrix,
                a: source + group * g.groupOutputChannels,
                aRows: nk_walk(
                  inner: columns.count, inner_step: g.outputChannels, middle: lines.count,
                  middle_step: padded.lineCount, outer_step: padded.count),
                runs: runs, runCount: runCount, packed: packed,
                c: first,
                cRows: nk_walk(
                  inner: columns.count, inner_step: g.strideWidth * g.inputChannels,
                  middle: lines.count,
                  middle_step: g.strideHeight * g.inputWidth * g.inputChannels,
                  outer_step: g.inputCount),
                addend: accumulate ? UnsafePointer(first) : nil))
          }
          packed += matrix.count
        }
      }
    }
  }

  /// Packs, class by class and group by group, the transposed weights of each place.
  static func prepareBackwardData(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Float>,
    into prepared: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let g = geometry
    var packed = prepared
    for y in 0..<g.strideHeight {
      let lines = AxisClass.vertical(g, remainder: y)
      for x in 0..<g.strideWidth {
        let columns = AxisClass.horizontal(g, remainder: x)
        for group in 0..<g.groups {
          let task = PackPlaces(
            geometry: g, lines: lines, columns: columns,
            weights: weights + group * g.groupOutputChannels, packed: packed)
          team.run(task)
          packed += task.matrix.count
        }
      }
    }
  }

  static func backwardDataPreparedCount(_ geometry: ConvolutionGeometry) -> Int {
    // Every place of the kernel belongs to one class.
    geometry.groups
      * PackedMatrix(
        depth: geometry.kernelHeight * geometry.kernelWidth * geometry.groupOutputChannels,
        columns: geometry.groupInputChannels
      ).count
  }

  static func backwardDataScratchCount(_ geometry: ConvolutionGeometry, batch: Int) -> Int {
    gradientRunsCount(geometry) + gradientImages(geometry).scratchCount(batch: batch)
  }

  private static func gradientRunsCount(_ geometry: ConvolutionGeometry) -> Int {
    roundedToLine(
      geometry.kernelHeight * geometry.kernelWidth * MemoryLayout<nk_run>.size
        / MemoryLayout<Float>.size)
  }

  /// dz with the zeros around it that the classes look at.
  private static func gradientImages(_ geometry: ConvolutionGeometry) -> PaddedImages {
    var padding = WindowPadding.none
    for remainder in 0..<geometry.strideHeight {
      let lines = AxisClass.vertical(geometry, remainder: remainder)
      padding.top = max(padding.top, lines.missingBefore)
      padding.bottom = max(padding.bottom, lines.missingAfter)
    }
    for remainder in 0..<geometry.strideWidth {
      let columns = AxisClass.horizontal(geometry, remainder: remainder)
      padding.left = max(padding.left, columns.missingBefore)
      padding.right = max(padding.right, columns.missingAfter)
    }
    return PaddedImages(
      height: geometry.outputHeight, width: geometry.outputWidth,
      channels: geometry.outputChannels, padding: padding)
  }
}

/// The pixels of one axis of x with one remainder by the stride: remainder, remainder + stride, ….
private struct AxisClass {
  let remainder: Int
  let stride: Int
  let dilation: Int
  let padding: Int
  let kernel: Int
  let input: Int
  let output: Int

  static func vertical(_ g: ConvolutionGeometry, remainder: Int) -> AxisClass {
    AxisClass(
      remainder: remainder, stride: g.strideHeight, dilation: g.dilationHeight,
      padding: g.padding.top, kernel: g.kernelHeight, input: g.inputHeight,
      output: g.outputHeight)
  }

  static func horizontal(_ g: ConvolutionGeometry, remainder: Int) -> AxisClass {
    AxisClass(
      remainder: remainder, stride: g.strideWidth, dilation: g.dilationWidth,
      padding: g.padding.left, kernel: g.kernelWidth, input: g.inputWidth, output: g.outputWidth)
  }

  /// How many pixels there are.
  var count: Int { max(0, (input - remainder + stride - 1) / stride) }

  /// The places of the kernel that see these pixels.
  var places: some Sequence<Int> {
    (0..<kernel).lazy.filter { (remainder + padding - $0 * dilation) % stride == 0 }
  }

  /// The output pixel that sees the first of these pixels at such a place; the next one sees the next.
  ///
  /// May be outside of the output.
  func offset(_ place: Int) -> Int { (remainder + padding - place * dilation) / stride }

  var missingBefore: Int {
    count == 0 ? 0 : places.reduce(0) { max($0, -offset($1)) }
  }

  var missingAfter: Int {
    count == 0 ? 0 : places.reduce(0) { max($0, offset($1) + count - output) }
  }
}

/// Packs the transposed weights that the places of a class have in one group.
private struct PackPlaces: ParallelTask {
  let geometry: ConvolutionGeometry
  let lines: AxisClass
  let columns: AxisClass
  let weights: UnsafePointer<Float>
  let packed: UnsafeMutablePointer<Float>

  private func count(_ places: some Sequence<Int>) -> Int { places.reduce(0) { n, _ in n + 1 } }

  var matrix: PackedMatrix {
    PackedMatrix(
      depth: count(lines.places) * count(columns.places) * geometry.groupOutputChannels,
      columns: geometry.groupInputChannels)
  }

  var chunkCount: Int { matrix.blocks.count }

  func run(chunk: Int, worker: Int) {
    let g = geometry
    let matrix = matrix
    let column = matrix.blocks.start(chunk)
    var depth = 0
    for ky in lines.places {
      for kx in columns.places {
        let place = (ky * g.kernelWidth + kx) * g.groupInputChannels + column
        nk_pack_transposed(
          g.groupOutputChannels, weights + place * g.outputChannels, g.outputChannels,
          matrix.blocks.length(chunk), matrix.depth, depth, packed + matrix.offset(chunk))
        depth += g.groupOutputChannels
      }
    }
  }
}
