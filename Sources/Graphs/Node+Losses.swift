// Losses: scalars that training makes small. Their gradients reach the predictions, not the
// targets.

/// The mean cross-entropy of softmax(logits) and targets.
///
/// - Parameters:
///   - logits: `[…, classes]`.
///   - targets: Labels, `[…]` of `Int32`, or probabilities, `[…, classes]`.
///   - labelSmoothing: The share of each target that is spread evenly over the classes.
///   - classWeights: One weight a class; the loss is then the weighted mean over labels. Empty
///     weighs all alike.
public func softmaxCrossEntropyLoss(
  logits: Node, targets: Node, labelSmoothing: Float = 0, classWeights: [Float] = []
) -> Node {
  logits.builder.add(
    CrossEntropyOperation(labelSmoothing: labelSmoothing, classWeights: classWeights),
    [logits, targets])
}

/// The mean cross-entropy of sigmoid(logits) and targets from 0 to 1 of the same shape.
public func binaryCrossEntropyLoss(logits: Node, targets: Node) -> Node {
  logits.builder.add(ElementLossOperation(.binaryCrossEntropy), [logits, targets])
}

/// The mean squared difference.
public func meanSquaredErrorLoss(prediction: Node, targets: Node) -> Node {
  prediction.builder.add(ElementLossOperation(.squaredError), [prediction, targets])
}

/// The mean absolute difference.
public func meanAbsoluteErrorLoss(prediction: Node, targets: Node) -> Node {
  prediction.builder.add(ElementLossOperation(.absoluteError), [prediction, targets])
}

/// The mean of Huber's loss: half the squared difference up to `delta`, linear beyond.
public func huberLoss(prediction: Node, targets: Node, delta: Float = 1) -> Node {
  prediction.builder.add(ElementLossOperation(.huber, delta: delta), [prediction, targets])
}
