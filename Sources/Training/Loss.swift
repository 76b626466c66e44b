import Graphs
import Tensors

/// What training makes small: a scalar computed from a model's first output and the targets.
///
/// The classification losses take logits, the numbers before softmax or sigmoid; a network that
/// ends in softmax or sigmoid is refused with them.
public struct Loss: Sendable, Hashable {
  private enum Rule: Sendable, Hashable {
    case softmaxCrossEntropy(labelSmoothing: Float, classWeights: [Float])
    case binaryCrossEntropy
    case meanSquaredError
    case meanAbsoluteError
    case huber(delta: Float)
  }

  private let rule: Rule

  /// The cross-entropy of softmax(logits) and the targets: class labels (`[batch]` integers), or
  /// probabilities as wide as the logits.
  ///
  /// Mean over the batch.
  public static let softmaxCrossEntropy = softmaxCrossEntropy()

  /// The cross-entropy of softmax(logits) and the targets: class labels (`[batch]` integers), or
  /// probabilities as wide as the logits.
  ///
  /// - Parameters:
  ///   - labelSmoothing: The share of each target that is spread evenly over the classes (Szegedy et
  ///     al., CVPR 2016).
  ///   - classWeights: One weight a class, for labels; the loss is then the weighted mean, Σ wₖ lₖ
  ///     / Σ wₖ. Empty weighs all alike.
  public static func softmaxCrossEntropy(
    labelSmoothing: Float = 0, classWeights: [Float] = []
  ) -> Loss {
    Loss(rule: .softmaxCrossEntropy(labelSmoothing: labelSmoothing, classWeights: classWeights))
  }

  /// The cross-entropy of sigmoid(logits) and targets from 0 to 1 of the same shape.
  ///
  /// Mean over all elements.
  public static let binaryCrossEntropy = Loss(rule: .binaryCrossEntropy)

  /// The mean over all elements of the squared difference.
  public static let meanSquaredError = Loss(rule: .meanSquaredError)

  /// The mean over all elements of the absolute difference.
  public static let meanAbsoluteError = Loss(rule: .meanAbsoluteError)

  /// Half the squared difference up to `delta`, linear beyond (Huber, Annals of Mathematical
  /// Statistics 35, 1964).
  ///
  /// Mean over all elements.
  public static func huber(delta: Float = 1) -> Loss { Loss(rule: .huber(delta: delta)) }

  /// The rule with all its numbers.
  ///
  /// Checkpoints keep it: a text that has been given out stays as it is.
  var ruleDescription: String {
    switch rule {
    case .softmaxCrossEntropy(let labelSmoothing, let classWeights):
      "softmax cross-entropy, label smoothing \(labelSmoothing), class weights \(classWeights)"
    case .binaryCrossEntropy: "binary cross-entropy"
    case .meanSquaredError: "mean squared error"
    case .meanAbsoluteError: "mean absolute error"
    case .huber(let delta): "huber, delta \(delta)"
    }
  }

  /// Adds the loss of `prediction` to its graph.
  ///
  /// - Parameters:
  ///   - prediction: The model's output.
  ///   - targetType: What the elements of the targets are.
  /// - Returns: The scalar; the targets are the new input `"target"`.
  func trace(_ prediction: Node, targetType: ElementType) -> Node {
    let target = prediction.builder.placeholder(
      "target",
      targetType == .int32
        ? Array(prediction.type.dimensions.dropLast())
        : prediction.type.dimensions, elementType: targetType)
    switch rule {
    case .softmaxCrossEntropy(let labelSmoothing, let classWeights):
      return softmaxCrossEntropyLoss(
        logits: prediction, targets: target, labelSmoothing: labelSmoothing,
        classWeights: classWeights)
    case .binaryCrossEntropy:
      return binaryCrossEntropyLoss(logits: prediction, targets: target)
    case .meanSquaredError:
      return meanSquaredErrorLoss(prediction: prediction, targets: target)
    case .meanAbsoluteError:
      return meanAbsoluteErrorLoss(prediction: prediction, targets: target)
    case .huber(let delta):
      return huberLoss(prediction: prediction, targets: target, delta: delta)
    }
  }

  /// The activation that the loss applies itself, so that the network must not.
  var impliedActivation: ActivationFunction? {
    switch rule {
    case .softmaxCrossEntropy: .softmax
    case .binaryCrossEntropy: .sigmoid
    case .meanSquaredError, .meanAbsoluteError, .huber: nil
    }
  }
}
