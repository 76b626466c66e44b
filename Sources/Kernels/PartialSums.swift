internal import CKernels
internal import Threads

/// Partial results of chunks, summed in a fixed binary tree over the chunks' numbers.
///
/// Each part is `stride` floats: first the gradient of weights, then that of a bias.
struct PartialSums: ParallelTask {
  let partials: UnsafeMutablePointer<Float>
  let parts: Int
  let weightCount: Int
  let biasCount: Int
  let weights: UnsafeMutablePointer<Float>
  let bias: UnsafeMutablePointer<Float>?
  let accumulate: Bool

  /// Floats from one part to the next.
  static func stride(weightCount: Int, biasCount: Int) -> Int {
    roundedToLine(weightCount) + roundedToLine(biasCount)
  }

  private var stride: Int {
    Self.stride(weightCount: weightCount, biasCount: biasCount)
  }

  private var chunks: Chunks { Chunks(of: weightCount, size: 8192) }

  var chunkCount: Int { chunks.count + (bias == nil ? 0 : 1) }

  func run(chunk: Int, worker: Int) {
    if chunk < chunks.count {
      let start = chunks.start(chunk)
      nk_tree_sum(
        partials + start, stride, parts, chunks.length(chunk), accumulate, weights + start)
    } else if let bias {
      nk_tree_sum(
        partials + roundedToLine(weightCount), stride, parts, biasCount, accumulate, bias)
    }
  }
}

/// `count` rounded up to a cache line of floats, so that neighbours in scratch memory share none.
func roundedToLine(_ count: Int) -> Int { (count + 15) / 16 * 16 }
