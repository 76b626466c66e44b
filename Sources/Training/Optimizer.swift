import Kernels
import Tensors
import Threads

/// How gradients change parameters: a recipe; what it remembers lives in a `TrainingState`.
///
///     let optimizer = Optimizer.adam(learningRate: 1e-3)
public struct Optimizer: Sendable, Hashable {
  private enum Rule: Sendable, Hashable {
    case sgd(momentum: Float, nesterov: Bool, weightDecay: Float)
    case adam(
      beta1: Double, beta2: Double, epsilon: Float, weightDecay: Float, isDecoupled: Bool,
      amsgrad: Bool)
  }

  private let rule: Rule
  /// The learning rate of each step.
  public let learningRate: LearningRateSchedule

  /// Stochastic gradient descent: `p ← p − learningRate · g`, with momentum (Sutskever et al., ICML
  /// 2013, in the form that PyTorch uses).
  ///
  /// - Parameters:
  ///   - learningRate: The rate, a number or a schedule.
  ///   - momentum: The share of the last change that is kept.
  ///   - nesterov: Whether to look ahead along the momentum; needs a momentum.
  ///   - weightDecay: Times the parameter, added to the gradient (L2).
  public static func sgd(
    learningRate: LearningRateSchedule, momentum: Float = 0, nesterov: Bool = false,
    weightDecay: Float = 0
  ) -> Optimizer {
    precondition(!nesterov || momentum > 0, "Nesterov's momentum needs a momentum.")
    return Optimizer(
      rule: .sgd(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay),
      learningRate: learningRate)
  }

  /// Adam (Kingma and Ba, ICLR 2015).
  ///
  /// - Parameters:
  ///   - learningRate: The rate, a number or a schedule.
  ///   - beta1: The decay of the mean of gradients.
  ///   - beta2: The decay of the mean of their squares.
  ///   - epsilon: Added to the root of the mean square.
  ///   - weightDecay: Times the parameter, added to the gradient (L2).
  ///   - amsgrad: Whether to divide by the largest mean square so far (Reddi et al., ICLR 2018).
  public static func adam(
    learningRate: LearningRateSchedule = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Float = 1e-8, weightDecay: Float = 0, amsgrad: Bool = false
  ) -> Optimizer {
    Optimizer(
      rule: .adam(
        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
        isDecoupled: false, amsgrad: amsgrad), learningRate: learningRate)
  }

  /// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019):
  /// `p ← p − learningRate · weightDecay · p` before Adam's change.
  ///
  /// - Parameters:
  ///   - learningRate: The rate, a number or a schedule.
  ///   - beta1: The decay of the mean of gradients.
  ///   - beta2: The decay of the mean of their squares.
  ///   - epsilon: Added to the root of the mean square.
  ///   - weightDecay: The decay.
  ///   - amsgrad: Whether to divide by the largest mean square so far.
  public static func adamW(
    learningRate: LearningRateSchedule = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Float = 1e-8, weightDecay: Float = 0.01, amsgrad: Bool = false
  ) -> Optimizer {
    Optimizer(
      rule: .adam(
        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, isDecoupled: true,
        amsgrad: amsgrad), learningRate: learningRate)
  }

  /// The rule with all its numbers, without the learning rate.
  ///
  /// Checkpoints keep it: a text that has been given out stays as it is.
  var ruleDescription: String {
    switch rule {
    case .sgd(let momentum, let nesterov, let weightDecay):
      "sgd, momentum \(momentum), nesterov \(nesterov), weight decay \(weightDecay)"
    case .adam(let beta1, let beta2, let epsilon, let weightDecay, let isDecoupled, let amsgrad):
      "\(isDecoupled ? "adamw" : "adam"), beta1 \(beta1), beta2 \(beta2), epsilon \(epsilon), "
        + "weight decay \(weightDecay), amsgrad \(amsgrad)"
    }
  }

  /// How many numbers the optimizer remembers for each parameter.
  var momentCount: Int {
    switch rule {
    case .sgd(let momentum, _, _): momentum == 0 ? 0 : 1
    case .adam(_, _, _, _, _, let amsgrad): amsgrad ? 3 : 2
    }
  }

  /// What it remembers for `count` parameters before the first step.
  func makeMoments(count: Int) throws(MemoryError) -> [AlignedBuffer<Float>] {
    var moments: [AlignedBuffer<Float>] = []
    for _ in 0..<momentCount {
      moments.append(try AlignedBuffer(count: count, for: "the optimizer's moments"))
    }
    return moments
  }

  /// Changes a range of parameters by their gradients.
  ///
  /// - Parameters:
  ///   - step: The number of the step, from 0.
  ///   - range: Which floats of the buffers.
  ///   - rateFactor: What the learning rate of the step is multiplied by.
  ///   - gradientScale: What the gradients are multiplied by first.
  func update(
    step: Int, rateFactor: Float = 1, range: Range<Int>, parameters: UnsafeMutablePointer<Float>,
    gradients: UnsafePointer<Float>, moments: [AlignedBuffer<Float>], gradientScale: Float,
    team: WorkerTeam
  ) {
    let rate = learningRate(step: step) * rateFactor
    let start = range.lowerBound
    switch rule {
    case .sgd(let momentum, let nesterov, let weightDecay):
      Optimizers.sgd(
        count: range.count, parameters: parameters + start, gradients: gradients + start,
        velocity: moments.first.map { $0.pointer + start }, learningRate: rate,
        momentum: momentum, nesterov: nesterov, weightDecay: weightDecay,
        gradientScale: gradientScale, team: team)
    case .adam(let beta1, let beta2, let epsilon, let weightDecay, let isDecoupled, _):
      Optimizers.adam(
        count: range.count, parameters: parameters + start, gradients: gradients + start,
        firstMoment: moments[0].pointer + start, secondMoment: moments[1].pointer + start,
        maxSecondMoment: moments.count > 2 ? moments[2].pointer + start : nil, step: step + 1,
        learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: weightDecay, decoupled: isDecoupled, gradientScale: gradientScale, team: team)
    }
  }
}
