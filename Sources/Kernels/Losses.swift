internal import CKernels
package import Threads

/// Losses and their gradients.
///
/// A loss is one number, written to `loss`: a mean, summed in a tree that only the shapes decide.
/// A gradient is multiplied by `lossGradient[0]`, the gradient of the loss itself, usually 1.
package enum Losses {
  /// Floats of scratch memory of a loss over `count` elements.
  package static func scratchCount(count: Int) -> Int { Chunks(of: count).count }

  /// The mean of −(w t log p + (1 − t) log(1 − p)) with p = sigmoid(x) and w the positive weight.
  ///
  /// Computed in a form that no logit overflows. Targets lie in [0, 1].
  package static func binaryCrossEntropyWithLogits(
    count: Int, logits: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    positiveWeight: Float = 1, loss: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    mean(
      ElementLoss(
        kind: Int32(NK_BINARY_CROSS_ENTROPY), parameter: positiveWeight,
        chunks: Chunks(of: count), x: logits, targets: targets, partials: scratch),
      loss, team)
  }

  /// The gradient of ``binaryCrossEntropyWithLogits`` with respect to the logits.
  package static func binaryCrossEntropyWithLogitsBackward(
    count: Int, logits: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    positiveWeight: Float = 1, lossGradient: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, accumulate: Bool, team: WorkerTeam
  ) {
    team.run(
      ElementLossBackward(
        kind: Int32(NK_BINARY_CROSS_ENTROPY), parameter: positiveWeight,
        chunks: Chunks(of: count), x: logits, targets: targets, lossGradient: lossGradient,
        dx: dx, accumulate: accumulate))
  }

  /// The mean of (x − t)².
  package static func meanSquaredError(
    count: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    loss: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    mean(
      ElementLoss(
        kind: Int32(NK_SQUARED_ERROR), parameter: 0, chunks: Chunks(of: count),
        x: predictions, targets: targets, partials: scratch),
      loss, team)
  }

  /// The gradient of ``meanSquaredError`` with respect to the predictions.
  package static func meanSquaredErrorBackward(
    count: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    lossGradient: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    team.run(
      ElementLossBackward(
        kind: Int32(NK_SQUARED_ERROR), parameter: 0, chunks: Chunks(of: count),
        x: predictions, targets: targets, lossGradient: lossGradient, dx: dx,
        accumulate: accumulate))
  }

  /// The mean of |x − t|.
  package static func meanAbsoluteError(
    count: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    loss: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    mean(
      ElementLoss(
        kind: Int32(NK_ABSOLUTE_ERROR), parameter: 0, chunks: Chunks(of: count),
        x: predictions, targets: targets, partials: scratch),
      loss, team)
  }

  /// The gradient of ``meanAbsoluteError`` with respect to the predictions: 0 where they are equal
  /// to the targets.
  package static func meanAbsoluteErrorBackward(
    count: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    lossGradient: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    team.run(
      ElementLossBackward(
        kind: Int32(NK_ABSOLUTE_ERROR), parameter: 0, chunks: Chunks(of: count),
        x: predictions, targets: targets, lossGradient: lossGradient, dx: dx,
        accumulate: accumulate))
  }

  /// The mean of d² / 2 where d = |x − t| ≤ `delta`, and of delta · (d − delta / 2) elsewhere.
  package static func huber(
    count: Int, delta: Float, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    loss: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    precondition(delta > 0)
    mean(
      ElementLoss(
        kind: Int32(NK_HUBER), parameter: delta, chunks: Chunks(of: count),
        x: predictions, targets: targets, partials: scratch),
      loss, team)
  }

  /// The gradient of ``huber`` with respect to the predictions.
  package static func huberBackward(
    count: Int, delta: Float, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    lossGradient: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    team: WorkerTeam
  ) {
    precondition(delta > 0)
    team.run(
      ElementLossBackward(
        kind: Int32(NK_HUBER), parameter: delta, chunks: Chunks(of: count),
        x: predictions, targets: targets, lossGradient: lossGradient, dx: dx,
        accumulate: accumulate))
  }

  private static func mean(
    _ task: ElementLoss, _ loss: UnsafeMutablePointer<Float>, _ team: WorkerTeam
  ) {
    team.run(task)
    loss.pointee =
      TreeSums.total(task.partials, count: task.chunkCount) / Float(task.chunks.total)
  }
}

private struct ElementLoss: ParallelTask {
  let kind: Int32
  let parameter: Float
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let targets: UnsafePointer<Float>
  let partials: UnsafeMutablePointer<Float>

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    partials[chunk] = nk_element_loss(
      kind, parameter, chunks.length(chunk), x + start, targets + start)
  }
}

private struct ElementLossBackward: ParallelTask {
  let kind: Int32
  let parameter: Float
  let chunks: Chunks
  let x: UnsafePointer<Float>
  let targets: UnsafePointer<Float>
  let lossGradient: UnsafePointer<Float>
  let dx: UnsafeMutablePointer<Float>
  let accumulate: Bool

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    let factor = lossGradient.pointee / Float(chunks.total)
    nk_element_loss_backward(
      kind, parameter, chunks.length(chunk), x + start, targets + start, factor, dx + start,
      accumulate)
  }
}
