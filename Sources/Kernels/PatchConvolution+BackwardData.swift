internal import CKernels
internal import Threads

extension PatchConvolution {
  /// dz · Wᵀ a tile at a time, added to the pixels that the patches came from.
  static func backwardData(
    _ geometry: ConvolutionGeometry, batch: Int, dz: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    let pixels = geometry.outputPixels
    // Whole images, so that no two chunks add to one pixel: several where they are small, but not
    // so many that threads stay without.
    let wanted = (128 + pixels - 1) / pixels
    let fair = max((64 + pixels - 1) / pixels, batch / 16)
    let images = Chunks(of: batch, size: max(1, min(wanted, fair)))
    team.run(
      PatchBackwardData(
        geometry: geometry, window: geometry.window, images: images,
        bands: bands(geometry, batch: batch),
        tileRows: mostTileRows(geometry, rows: images.size * pixels), dz: dz, weights: weights,
        dx: dx, accumulate: accumulate, scratch: scratch))
  }

  /// Horizontal bands of an image, each a chunk: where images are few and large.
  ///
  /// A band computes the patches that reach into it, so those at its edges are computed twice.
  private static func bands(_ geometry: ConvolutionGeometry, batch: Int) -> Chunks {
    let height = geometry.inputHeight
    let span = (geometry.kernelHeight - 1) * geometry.dilationHeight + 1
    let wanted = batch == 0 ? 1 : (16 + batch - 1) / batch
    let least = max(8, 3 * span)
    let count = max(1, min(wanted, height / least, geometry.outputPixels / 64))
    return Chunks(of: height, size: (height + count - 1) / count)
  }
}

private struct PatchBackwardData: ParallelTask {
  let geometry: ConvolutionGeometry
  let window: nk_window
  let images: Chunks
  let bands: Chunks
  let tileRows: Int
  let dz: UnsafePointer<Float>
  let weights: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool
  let scratch: UnsafeMutablePointer<Float>

  var chunkCount: Int { images.count * bands.count }

  func run(chunk: Int, worker: Int) {
    let firstImage = images.start(chunk / bands.count)
    let imageCount = images.length(chunk / bands.count)
    let top = bands.start(chunk % bands.count)
    let bottom = top + bands.length(chunk % bands.count)
    let line = geometry.inputWidth * geometry.inputChannels
    if bands.count == 1 {
      if !accumulate {
        (dx + firstImage * geometry.inputCount).update(
          repeating: 0, count: imageCount * geometry.inputCount)
      }
      add(
        firstRow: firstImage * geometry.outputPixels, rows: imageCount * geometry.outputPixels,
        top: 0, bottom: geometry.inputHeight, worker: worker)
      return
    }
    let span = (geometry.kernelHeight - 1) * geometry.dilationHeight
    let stride = geometry.strideHeight
    let reach = top + geometry.padding.top - span
    let firstLine = reach <= 0 ? 0 : (reach + stride - 1) / stride
    let lastLine = min(geometry.outputHeight - 1, (bottom - 1 + geometry.padding.top) / stride)
    for image in firstImage..<firstImage + imageCount {
      if !accumulate {
        (dx + image * geometry.inputCount + top * line).update(
          repeating: 0, count: (bottom - top) * line)
      }
      guard firstLine <= lastLine else { continue }
      add(
        firstRow: image * geometry.outputPixels + firstLine * geometry.outputWidth,
        rows: (lastLine - firstLine + 1) * geometry.outputWidth, top: top, bottom: bottom,
        worker: worker)
    }
  }

  /// Adds what some output pixels give to the image rows in [top, bottom).
  private func add(firstRow: Int, rows: Int, top: Int, bottom: Int, worker: Int) {
    let patchSize = geometry.patchSize
    let inputs = geometry.groupInputChannels
    let outputs = geometry.groupOutputChannels
    let patches = PatchConvolution.patches(
      scratch, tileRows: tileRows, patchSize: patchSize, worker: worker)
    var done = 0
    while done < rows {
      let count = min(tileRows, rows - done)
      let row = firstRow + done
      for group in 0..<geometry.groups {
        GEMM.multiply(
          m: count, n: patchSize, k: outputs,
          a: dz + row * geometry.outputChannels + group * outputs, lda: geometry.outputChannels,
          b: weights + group * outputs, ldb: geometry.outputChannels, transposeB: true,
          c: patches, ldc: patchSize)
        withUnsafePointer(to: window) {
          nk_scatter_patches($0, patches, inputs, row, count, top, bottom, dx + group * inputs)
        }
      }
      done += count
    }
  }
}
