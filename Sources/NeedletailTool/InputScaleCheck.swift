import Graphs
import Needletail

/// Notices examples whose numbers are on another scale than those that a model was trained on: what
/// is predicted for them is no error, and wrong.
///
/// A model tells its scale where it first multiplies its input by a number below 1, as 1/255 brings
/// pixels to 0…1. Numbers are unlike it
///
/// - if a whole portion lies between 0 and 1 with fractions among them, or, for factors up to 1/64,
///   between -4 and 4 with negative ones, too: raw pixels, however dark, are whole and not negative;
/// - if one becomes larger than 2, or than 4 where something is added as well.
struct InputScaleCheck {
  /// Whether there is nothing more to look for.
  private(set) var isDone = false

  private let factor: Float
  private let limit: Float
  /// Whether all numbers so far were small.
  private var isSmallPossible = true
  /// How many examples are looked at: what comes later is like it.
  private var remaining = 1024

  /// Nil for a model that does not tell its scale.
  init?(_ model: Model) {
    guard let input = model.graph.inputs.first, let step = model.graph.inputScale(of: input),
      let largest = step.scale.max(), step.scale.allSatisfy({ $0 > 0 }), largest <= 1 / 15
    else { return nil }
    factor = largest
    let most: Float = step.offset.allSatisfy { $0 == 0 } ? 2 : 4
    limit = zip(step.scale, step.offset).map { (most - $1) / $0 }.max() ?? .infinity
  }

  /// What to warn of after looking at a portion of examples; nil if nothing.
  mutating func warning(for examples: Tensor, from source: PredictionWriter.Source) -> String? {
    guard !isDone else { return nil }
    remaining -= examples.shape[0]
    var (smallest, largest) = (Float.infinity, -Float.infinity)
    var hasFractions = false
    examples.withUnsafeElements { numbers in
      for number in numbers {
        smallest = min(smallest, number)
        largest = max(largest, number)
        if number != number.rounded(.towardZero) { hasFractions = true }
      }
    }
    let isSmall =
      smallest >= 0 ? largest <= 1 : smallest >= -4 && largest <= 4 && factor <= 1 / 64
    // Rows as they should be show that later ones are no more than dark.
    isSmallPossible = isSmallPossible && isSmall
    // A few numbers may all be small by chance.
    let areMany = examples.shape.count >= 16
    let isUnlike = largest > limit || (isSmallPossible && hasFractions && areMany)
    isDone = isUnlike || remaining <= 0
    guard isUnlike else { return nil }
    // By way of its digits: 0.1 is another number as a Double.
    func shown(_ number: Float) -> String {
      NumberText.plain(Double("\(number)") ?? Double(number))
    }
    let inverse = 1 / factor
    let scale =
      (inverse - inverse.rounded()).magnitude < 1e-3
      ? "1/\(NumberText.plain(Double(inverse.rounded())))" : "\(factor)"
    let what =
      switch source {
      case .row: "standard input: the numbers of the first rows"
      case .file: "images: the pixels of the first files"
      }
    return "\(what) lie between \(shown(smallest)) and \(shown(largest)), but the model was "
      + "trained on numbers that it multiplies by \(scale): expected the same raw values as in its "
      + "training."
  }
}
