import Graphs
import Tensors
import Threads

extension Plan {
  /// A plan whose memory is there, together with what is kept beside it.
  ///
  /// Asked before anything is taken: later the system would end the process instead of refusing.
  ///
  /// - Parameters:
  ///   - graph: What to compile.
  ///   - request: For what.
  ///   - keptByteCount: What else is going to be taken: gradients, moments, copies of parameters.
  ///   - purpose: "Training" or "Evaluation".
  /// - Throws: `MemoryError` that names the largest batch that would fit.
  convenience init(
    fitting graph: Graph, _ request: Request, keptByteCount: Int, purpose: String
  ) throws(MemoryError) {
    func check(_ batch: Int) throws(MemoryError) -> Int {
      try graph.checkMemory(batch: batch)
      var smaller = request
      smaller.maximumBatch = batch
      let plan = Plan(graph: graph, request: smaller)
      let byteCount = plan.arenaByteCount + plan.preparedByteCount + keptByteCount
      try MemoryError.check(byteCount, for: "\(purpose) with batches of \(batch)")
      return batch
    }
    do {
      _ = try check(request.maximumBatch)
    } catch {
      // Up to here batches fit, from there on they do not.
      var fits = 0
      var fails = request.maximumBatch
      while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2
        // Whether it throws is what is asked; the caller throws for the batch that was wanted.
        if (try? check(middle)) != nil { fits = middle } else { fails = middle }
      }
      throw error.advising(
        fits > 0
          ? "batches of up to \(fits) would fit: choose a smaller batch size"
          : "not even batches of 1 fit: use a smaller model, or a machine with more memory")
    }
    self.init(graph: graph, request: request)
  }
}
