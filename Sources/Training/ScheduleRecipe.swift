/// A learning-rate schedule in words and epochs, before the number of steps is known.
///
///     let recipe = try ScheduleRecipe("step:30:0.1")
///     let schedule = recipe.schedule(learningRate: 0.1, epochs: 90, stepsPerEpoch: 391)
///
/// The words, with what may follow them:
///
/// - `constant`;
/// - `step`, `step:EPOCHS`, `step:EPOCHS:FACTOR`: times FACTOR (0.1) after every EPOCHS (a third of
///   the training, rounded up);
/// - `exponential`, `exponential:FACTOR`: falls smoothly, by FACTOR (0.95) an epoch;
/// - `cosine`, `cosine:FINAL`: falls along half a cosine to FINAL (0) at the end of the training.
public struct ScheduleRecipe: Sendable, Hashable, CustomStringConvertible {
  private enum Rule: Sendable, Hashable {
    case constant
    case step(epochs: Int?, factor: Float)
    case exponential(factor: Float)
    case cosine(final: Float)
  }

  /// The words that it was made from.
  public let description: String
  private let rule: Rule

  /// The learning rate stays as it is.
  public static let constant = ScheduleRecipe(description: "constant", rule: .constant)

  private init(description: String, rule: Rule) {
    self.description = description
    self.rule = rule
  }

  /// Reads a recipe.
  ///
  /// - Throws: ``TrainingError`` where the words are none of those above.
  public init(_ description: String) throws {
    let words = description.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    func number(_ index: Int, else standard: Float, _ range: ClosedRange<Float>) -> Float? {
      guard words.count > index else { return standard }
      guard let value = Float(words[index]), range.contains(value) else { return nil }
      return value
    }
    var rule: Rule?
    switch (words[0], words.count) {
    case ("constant", 1):
      rule = .constant
    case ("step", 1...3):
      let epochs = words.count > 1 ? Int(words[1]) : nil
      if let factor = number(2, else: 0.1, 1e-6...1), words.count == 1 || (epochs ?? 0) >= 1 {
        rule = .step(epochs: epochs, factor: factor)
      }
    case ("exponential", 1...2):
      if let factor = number(1, else: 0.95, 1e-6...1) { rule = .exponential(factor: factor) }
    case ("cosine", 1...2):
      if let final = number(1, else: 0, 0...Float.greatestFiniteMagnitude) {
        rule = .cosine(final: final)
      }
    default: break
    }
    guard let rule else {
      throw TrainingError(
        "expected a schedule: constant, step[:EPOCHS[:FACTOR]], exponential[:FACTOR] or "
          + "cosine[:FINAL], with whole EPOCHS from 1 and FACTOR from 0.000001 to 1; found "
          + "'\(description)'")
    }
    self.description = description
    self.rule = rule
  }

  /// The schedule of a training.
  ///
  /// - Parameters:
  ///   - learningRate: The rate at the start, or after the warm-up.
  ///   - epochs: How many epochs the training has.
  ///   - stepsPerEpoch: How many steps an epoch has.
  ///   - warmUpEpochs: For how many epochs, not necessarily whole ones, the rate rises to
  ///     `learningRate` first; the rest of the schedule begins then.
  public func schedule(
    learningRate: Float, epochs: Int, stepsPerEpoch: Int, warmUpEpochs: Double = 0
  ) -> LearningRateSchedule {
    let (product, overflow) = epochs.multipliedReportingOverflow(by: stepsPerEpoch)
    let steps = overflow ? Int.max / 2 : max(1, product)
    let warmUp = (max(0, warmUpEpochs) * Double(stepsPerEpoch)).rounded()
    let warmUpSteps = warmUp < Double(steps) ? Int(warmUp) : steps
    let schedule: LearningRateSchedule
    switch rule {
    case .constant:
      schedule = .constant(learningRate)
    case .step(let interval, let factor):
      let interval = interval ?? max(1, epochs / 3 + (epochs % 3 == 0 ? 0 : 1))
      let (product, overflow) = max(1, interval).multipliedReportingOverflow(
        by: max(1, stepsPerEpoch))
      schedule = .step(from: learningRate, factor: factor, every: overflow ? Int.max : product)
    case .exponential(let factor):
      schedule = .exponential(from: learningRate, factor: factor, every: max(1, stepsPerEpoch))
    case .cosine(let final):
      schedule = .cosine(from: learningRate, to: final, steps: max(1, steps - warmUpSteps))
    }
    return warmUpSteps > 0 ? schedule.warmedUp(steps: warmUpSteps) : schedule
  }
}
