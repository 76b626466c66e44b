internal import CKernels

extension WinogradConvolution {
  /// The lines of tiles of a chunk that takes them through all phases; nil where one is more than a
  /// chunk takes.
  func fusedTileLines(_ batch: Int) -> Chunks? {
    let limit = fusedTileLimit(batch * tilesPerImage) / tilesAcross
    return limit == 0 ? nil : Chunks(of: batch * tilesDown, limit: limit)
  }

  /// The lines of tiles that are transformed back together.
  func phaseTileLines(_ images: Int) -> Chunks {
    Chunks(
      of: images * tilesDown,
      size: max(1, Chunks.elements / (points * max(inputs, outputs) * tilesAcross)))
  }

  /// Chunks of tiles that are those of lines.
  func tiles(of lines: Chunks) -> Chunks {
    Chunks(of: lines.total * tilesAcross, size: lines.size * tilesAcross)
  }

  /// The rows of the result whose moments are taken together.
  func momentParts(batch: Int) -> RowParts {
    if isFused {
      return fusedTileLines(batch).map { parts(of: $0, batch: batch, imagesPerSegment: batch) }
        ?? RowParts(rows: batch * geometry.outputPixels, columns: outputs)
    }
    let images = Chunks(of: batch, limit: phaseImageLimit(batch)).size
    return parts(of: phaseTileLines(images), batch: batch, imagesPerSegment: images)
  }

  private func parts(of lines: Chunks, batch: Int, imagesPerSegment: Int) -> RowParts {
    RowParts(
      images: batch, imagesPerSegment: imagesPerSegment, height: geometry.outputHeight,
      width: geometry.outputWidth, tileRows: tilesDown, tileHeight: shape.tile,
      unitsPerPart: lines.size)
  }

  /// The most parts of ``momentParts(batch:)`` of up to so many images.
  func mostMomentParts(maximumBatch: Int) -> Int {
    max(
      maximumBatch * tilesDown,
      RowParts.mostCount(rows: maximumBatch * geometry.outputPixels, columns: outputs))
  }
}
