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

  // So fine that the few thousand weights of a small convolution are equal shares for two threads.
  private var chunks: Chunks { Chunks(of: weightCount, limit: 2048) }

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

/// Where the parts of a batch put their sums: into the gradients themselves where there is one part
/// whose sums lie as they do, else apart, to be added up in a tree.
struct GradientSums {
  /// More parts than this cost more memory than they give threads work.
  static let mostParts = 16

  let parts: Int
  let weightCount: Int
  let biasCount: Int
  let dWeights: UnsafeMutablePointer<Float>
  let dBias: UnsafeMutablePointer<Float>?
  /// Whether to add to the gradients.
  let accumulate: Bool
  /// Whether the sums of weights are in an order of their own, and so apart even where there is one part.
  var isReordered = false
  /// As many floats as ``scratchCount(parts:weightCount:biasCount:)`` says; for two parts at least if
  /// `isReordered`.
  let partials: UnsafeMutablePointer<Float>

  static func scratchCount(parts: Int, weightCount: Int, biasCount: Int) -> Int {
    parts > 1 ? parts * PartialSums.stride(weightCount: weightCount, biasCount: biasCount) : 0
  }

  /// Floats from one part to the next.
  var stride: Int { PartialSums.stride(weightCount: weightCount, biasCount: biasCount) }

  private var areApart: Bool { parts > 1 || isReordered }

  /// Whether a part must add to what is there from the first.
  var addsFirst: Bool { !areApart && accumulate }

  func weights(_ part: Int) -> UnsafeMutablePointer<Float> {
    areApart ? partials + part * stride : dWeights
  }

  func bias(_ part: Int) -> UnsafeMutablePointer<Float>? {
    guard dBias != nil && areApart else { return dBias }
    return partials + part * stride + roundedToLine(weightCount)
  }

  /// Adds up the parts.
  func combine(team: WorkerTeam) {
    guard areApart else { return }
    team.run(
      PartialSums(
        partials: partials, parts: parts, weightCount: weightCount, biasCount: biasCount,
        weights: dWeights, bias: dBias, accumulate: accumulate))
  }
}

/// `count` rounded up to a cache line of floats, so that neighbours in scratch memory share none.
func roundedToLine(_ count: Int) -> Int { (count + 15) / 16 * 16 }
