internal import CKernels
import Threads

/// Sums of chunks, combined in a binary tree over the chunk's number.
enum TreeSums {
  /// The sum of `count` numbers that lie `stride` apart, which it overwrites.
  static func total(_ partials: UnsafeMutablePointer<Float>, count: Int, stride: Int = 1) -> Float {
    if count == 0 { return 0 }
    var step = 1
    while step < count {
      for i in Swift.stride(from: 0, to: count - step, by: 2 * step) {
        partials[i * stride] += partials[(i + step) * stride]
      }
      step *= 2
    }
    return partials[0]
  }

  /// target = the sum of `count` vectors of `width` numbers, which it overwrites; or += .
  static func combine(
    count: Int, width: Int, partials: UnsafeMutablePointer<Float>,
    into target: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      Combination(
        count: count, width: width, chunks: Chunks(of: width, size: 4096), partials: partials,
        target: target, accumulate: accumulate))
  }
}

private struct Combination: ParallelTask {
  let count: Int
  let width: Int
  let chunks: Chunks
  let partials: UnsafeMutablePointer<Float>
  let target: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_tree_sum(
      partials + start, width, count, chunks.length(chunk), accumulate, target + start)
  }
}
