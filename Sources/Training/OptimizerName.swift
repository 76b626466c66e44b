/// The optimizers that configurations and options name.
public enum OptimizerName: String, Sendable, CaseIterable, Codable {
  /// Stochastic gradient descent without momentum.
  case sgd
  /// Stochastic gradient descent with a momentum of 0.9.
  case momentum
  /// Stochastic gradient descent with Nesterov's momentum of 0.9.
  case nesterov
  /// Adam with its usual constants (0.9, 0.999, 1e-8).
  case adam
  /// Adam with decoupled weight decay of 0.01.
  case adamw

  /// The learning rate where nothing else is said: 0.001 for the kinds of Adam, else 0.01.
  public var standardLearningRate: Float {
    switch self {
    case .sgd, .momentum, .nesterov: 0.01
    case .adam, .adamw: 0.001
    }
  }

  /// The optimizer of this name.
  public func optimizer(learningRate: LearningRateSchedule) -> Optimizer {
    switch self {
    case .sgd: .sgd(learningRate: learningRate)
    case .momentum: .sgd(learningRate: learningRate, momentum: 0.9)
    case .nesterov: .sgd(learningRate: learningRate, momentum: 0.9, nesterov: true)
    case .adam: .adam(learningRate: learningRate)
    case .adamw: .adamW(learningRate: learningRate)
    }
  }
}
