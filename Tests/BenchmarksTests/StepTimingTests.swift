import Needletail
import Testing

@Suite struct StepTimingTests {
  @Test("Statistics of values by hand")
  func statistics() {
    let odd = SampleStatistics([3, 1, 8])
    #expect(odd.mean == 4)
    #expect(odd.median == 3)
    #expect(odd.smallest == 1)
    #expect(SampleStatistics([4, 1, 2, 9]).median == 3)
    #expect(SampleStatistics([]) == SampleStatistics([0]))
  }

  @Test("Every step is counted once, those of the warm-up not at all")
  func counts() {
    var count = 0
    let timing = StepTiming.measuring(seconds: 1e-3, warmUpSteps: 5) { count += 1 }
    #expect(timing.stepCount < count)
    #expect(timing.stepCount + 5 <= count)
    #expect(timing.windowCount >= 4)
    #expect(timing.best <= timing.median)
    #expect(timing.best > 0)
    // The windows lie within the time of all.
    #expect(timing.best * Double(timing.stepCount) <= timing.seconds)
  }

  @Test("An error in a step ends the measurement")
  func errors() {
    struct Trouble: Error {}
    #expect(throws: Trouble.self) {
      try StepTiming.measuring(seconds: 1e-3) { throw Trouble() }
    }
  }
}
