#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The learning rate as a function of the step, from 0.
///
/// A number stands for a constant rate: `learningRate: 1e-3`.
public struct LearningRateSchedule: Sendable, Hashable, ExpressibleByFloatLiteral,
  ExpressibleByIntegerLiteral
{
  private indirect enum Rule: Sendable, Hashable {
    case constant(Float)
    case step(initial: Float, factor: Float, interval: Int)
    case exponential(initial: Float, factor: Float, interval: Int)
    case cosine(initial: Float, final: Float, steps: Int)
    case warmUp(steps: Int, Rule)
  }

  private let rule: Rule

  /// Creates a constant rate.
  public init(floatLiteral value: Float) {
    self.rule = .constant(value)
  }

  /// Creates a constant rate.
  public init(integerLiteral value: Int) {
    self.rule = .constant(Float(value))
  }

  private init(_ rule: Rule) {
    self.rule = rule
  }

  /// The same rate at every step.
  public static func constant(_ rate: Float) -> LearningRateSchedule { Self(.constant(rate)) }

  /// The rate is multiplied by `factor` after every `interval` steps.
  ///
  /// - Precondition: `interval` is at least 1.
  public static func step(
    from initial: Float, factor: Float = 0.1, every interval: Int
  ) -> LearningRateSchedule {
    precondition(interval >= 1)
    return Self(.step(initial: initial, factor: factor, interval: interval))
  }

  /// The rate falls smoothly, by `factor` in `interval` steps: `initial · factor^(step / interval)`.
  ///
  /// - Precondition: `interval` is at least 1.
  public static func exponential(
    from initial: Float, factor: Float, every interval: Int
  ) -> LearningRateSchedule {
    precondition(interval >= 1)
    return Self(.exponential(initial: initial, factor: factor, interval: interval))
  }

  /// The rate falls along half a cosine from `initial` at the first step to `final` after `steps`
  /// steps, and stays there (Loshchilov and Hutter, ICLR 2017).
  ///
  /// - Precondition: `steps` is at least 1.
  public static func cosine(
    from initial: Float, to final: Float = 0, steps: Int
  ) -> LearningRateSchedule {
    precondition(steps >= 1)
    return Self(.cosine(initial: initial, final: final, steps: steps))
  }

  /// The rate rises in `steps` equal steps to the start of this schedule, which then begins.
  ///
  /// - Precondition: `steps` is at least 0.
  public func warmedUp(steps: Int) -> LearningRateSchedule {
    precondition(steps >= 0)
    return Self(.warmUp(steps: steps, rule))
  }

  /// The rate of a step, from 0.
  public func callAsFunction(step: Int) -> Float { Self.rate(of: rule, at: step) }

  /// The rule with all its numbers.
  ///
  /// Checkpoints keep it: a text that has been given out stays as it is.
  var ruleDescription: String { Self.description(of: rule) }

  private static func description(of rule: Rule) -> String {
    switch rule {
    case .constant(let rate): "constant \(rate)"
    case .step(let initial, let factor, let interval):
      "step from \(initial), factor \(factor), every \(interval) steps"
    case .exponential(let initial, let factor, let interval):
      "exponential from \(initial), factor \(factor), every \(interval) steps"
    case .cosine(let initial, let final, let steps):
      "cosine from \(initial) to \(final), \(steps) steps"
    case .warmUp(let steps, let next): "warm-up of \(steps) steps, \(description(of: next))"
    }
  }

  private static func rate(of rule: Rule, at step: Int) -> Float {
    switch rule {
    case .constant(let rate):
      return rate
    case .step(let initial, let factor, let interval):
      return initial * powf(factor, Float(step / interval))
    case .exponential(let initial, let factor, let interval):
      return initial * powf(factor, Float(step) / Float(interval))
    case .cosine(let initial, let final, let steps):
      let progress = Double(min(step, steps)) / Double(steps)
      return final + (initial - final) * Float(0.5 * (1 + cos(Double.pi * progress)))
    case .warmUp(let steps, let next):
      guard step < steps else { return rate(of: next, at: step - steps) }
      return rate(of: next, at: 0) * Float(step + 1) / Float(steps)
    }
  }
}
