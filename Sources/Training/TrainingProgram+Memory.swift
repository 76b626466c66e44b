import Datasets
import Graphs
import Layers

extension TrainingProgram {
  /// The bytes that an evaluation takes, by the size of its batches: the plan's and the examples'.
  ///
  /// - Throws: `TrainingError` or `ShapeError` if the data do not suit the model or the loss.
  static func evaluationByteCounts(
    _ model: Model, _ loss: Loss, _ dataset: any Dataset
  ) throws -> (_ batch: Int) -> Int {
    let graph = try traced(model, loss, dataset.fields)
    return { batch in
      // What cannot even be planned is more than there is.
      guard (try? graph.checkMemory(batch: batch)) != nil else { return 1 << 58 }
      let plan = Plan(
        graph: graph,
        request: request(graph, model, maximumBatch: batch, isTraining: false))
      return plan.arenaByteCount + plan.preparedByteCount
        + Batches.byteCount(of: dataset, size: batch)
    }
  }
}
