import Graphs
import Tensors
import Threads

extension Plan {
  /// What is left for all that is small; less where a small training asks for little.
  ///
  /// Besides what is counted, a training opens files, starts a thread, writes texts.
  private static func reservedByteCount(besides byteCount: Int) -> Int {
    min(32 << 20, 12 << 20 + byteCount / 2)
  }

  /// A plan whose memory is there, together with what is taken beside it.
  ///
  /// Asked before anything is taken: later the system would end the process instead of refusing. What
  /// the advice names is asked for in the same way, and so is accepted.
  ///
  /// - Parameters:
  ///   - graph: What to compile.
  ///   - request: For what.
  ///   - mayBeSmaller: Whether to make a plan for smaller batches where the memory for those that are
  ///     asked for is not there.
  ///   - besides: What else is going to be taken for batches of a size: gradients, moments, copies of
  ///     parameters, examples, what decodes them.
  ///   - purpose: "Training" or "Evaluation".
  /// - Throws: `MemoryError` that names the largest batch that would fit; `BLASError` if the plan needs OpenBLAS
  ///   and that cannot be used.
  convenience init(
    fitting graph: Graph, _ request: Request, mayBeSmaller: Bool = false, purpose: String,
    besides: (_ batch: Int) -> Int
  ) throws {
    func check(_ batch: Int) throws {
      try graph.checkMemory(batch: batch)
      var smaller = request
      smaller.maximumBatch = batch
      let plan = Plan(graph: graph, request: smaller)
      // Taken once for all plans, and before it is asked what there is.
      try plan.requireLibraries()
      let byteCount = plan.arenaByteCount + plan.preparedByteCount + besides(batch)
      try MemoryError.check(
        byteCount + Self.reservedByteCount(besides: byteCount),
        in: .detected(), for: "\(purpose) with batches of \(batch)")
    }
    var request = request
    do {
      try check(request.maximumBatch)
    } catch let error as MemoryError {
      // Up to here batches fit, from there on they do not.
      var fits = 0
      var fails = request.maximumBatch
      while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2
        // Whether it throws is what is asked; the caller throws for the batch that was wanted.
        if (try? check(middle)) != nil { fits = middle } else { fails = middle }
      }
      guard fits > 0 else {
        throw error.advising(
          "not even batches of 1 fit: use a smaller model, or a machine with more memory")
      }
      guard mayBeSmaller else {
        throw error.advising("batches of up to \(fits) would fit: choose a smaller batch size")
      }
      // A power of two leaves room for what others take meanwhile.
      request.maximumBatch = 1 << (Int.bitWidth - 1 - fits.leadingZeroBitCount)
    }
    self.init(graph: graph, request: request)
  }
}
