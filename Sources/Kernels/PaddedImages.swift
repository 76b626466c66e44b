internal import Threads

/// Copies of images with zeros around them.
struct PaddedImages {
  let height: Int
  let width: Int
  let channels: Int
  let padding: WindowPadding

  /// Floats of a padded line.
  var lineCount: Int { (padding.left + width + padding.right) * channels }
  /// Floats of a padded image.
  var count: Int { (padding.top + height + padding.bottom) * lineCount }

  /// Floats of the copies: none if there is nothing to add.
  func scratchCount(batch: Int) -> Int { padding == .none ? 0 : roundedToLine(batch * count) }

  /// Makes the copies, where anything must be added.
  ///
  /// - Returns: where the images are: the copies, or `x`.
  func fill(
    from x: UnsafePointer<Float>, batch: Int, into copies: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) -> UnsafePointer<Float> {
    if padding == .none { return x }
    team.run(Padding(images: self, batch: batch, x: x, copies: copies))
    return UnsafePointer(copies)
  }
}

private struct Padding: ParallelTask {
  let images: PaddedImages
  let batch: Int
  let x: UnsafePointer<Float>
  let copies: UnsafeMutablePointer<Float>

  private var paddedHeight: Int { images.padding.top + images.height + images.padding.bottom }
  private var lines: Chunks { Chunks(rows: batch * paddedHeight, columns: images.lineCount) }

  var chunkCount: Int { lines.count }

  func run(chunk: Int, worker: Int) {
    let (padding, channels) = (images.padding, images.channels)
    for line in lines.start(chunk)..<lines.start(chunk) + lines.length(chunk) {
      let target = copies + line * images.lineCount
      let y = line % paddedHeight - padding.top
      guard y >= 0 && y < images.height else {
        target.update(repeating: 0, count: images.lineCount)
        continue
      }
      let left = padding.left * channels
      let width = images.width * channels
      target.update(repeating: 0, count: left)
      (target + left).update(
        from: x + (line / paddedHeight * images.height + y) * width, count: width)
      (target + left + width).update(repeating: 0, count: padding.right * channels)
    }
  }
}
