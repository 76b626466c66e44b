import Training

/// How long a repeated piece of work takes: measured in many short windows, so that the best window
/// tells what the machine can do undisturbed, and the median what it usually does.
public struct StepTiming: Sendable, Hashable {
  /// How often the work was done while it was measured.
  public let stepCount: Int
  /// How long that took in all, in seconds.
  public let seconds: Double
  /// How many windows there were.
  public let windowCount: Int
  /// Seconds of a step in the fastest window.
  public let best: Double
  /// Seconds of a step in the median window.
  public let median: Double

  /// The least length of a window in seconds where nothing else is said: long against the clock and
  /// the scheduler's ticks.
  public static let standardWindowLength = 0.05
  /// The fewest windows: a median of fewer would tell nothing.
  static let fewestWindows = 4

  /// Repeats a piece of work for `seconds`, after a warm-up of about a fifth of that.
  ///
  /// A window ends with the first step after 50 ms. Where `seconds` are few, windows are shorter;
  /// where a step takes longer, each is a window. There are at least four windows, whatever they
  /// take.
  ///
  /// - Parameters:
  ///   - seconds: How long to measure.
  ///   - warmUpSteps: The fewest steps that are made before: not counted.
  ///   - windowLength: The least length of a window in seconds.
  ///   - step: The work.
  public static func measuring(
    seconds: Double, warmUpSteps: Int = 3, windowLength: Double = standardWindowLength,
    _ step: () throws -> Void
  ) rethrows -> StepTiming {
    let warmUp = Stopwatch()
    var warmUpCount = 0
    while warmUpCount < warmUpSteps || warmUp.seconds < min(seconds / 5, 0.5) {
      try step()
      warmUpCount += 1
    }
    let windowLength = min(windowLength, seconds / Double(fewestWindows))
    var windows: [Double] = []
    var stepCount = 0
    let total = Stopwatch()
    while windows.count < fewestWindows || total.seconds < seconds {
      let window = Stopwatch()
      var count = 0
      var elapsed = 0.0
      repeat {
        try step()
        count += 1
        elapsed = window.seconds
      } while elapsed < windowLength
      windows.append(elapsed / Double(count))
      stepCount += count
    }
    let spread = SampleStatistics(windows)
    return StepTiming(
      stepCount: stepCount, seconds: total.seconds, windowCount: windows.count,
      best: spread.smallest, median: spread.median)
  }
}

/// What is usual among measured values.
public struct SampleStatistics: Sendable, Hashable {
  /// Their mean.
  public let mean: Double
  /// Their median; of an even number, the mean of the two in the middle.
  public let median: Double
  /// The smallest.
  public let smallest: Double

  /// Summarises values; all are zero if there are none.
  public init(_ values: [Double]) {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    mean = sorted.reduce(0, +) / Double(max(sorted.count, 1))
    smallest = sorted.first ?? 0
    median =
      sorted.isEmpty
      ? 0 : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
