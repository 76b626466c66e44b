import Needletail
import Testing

@Suite struct ScheduleTests {
  private func rates(_ schedule: LearningRateSchedule, _ steps: [Int]) -> [Float] {
    steps.map { schedule(step: $0) }
  }

  @Test func constant() {
    #expect(rates(0.5, [0, 7, 100_000]) == [0.5, 0.5, 0.5])
  }

  @Test func step() {
    #expect(
      rates(.step(from: 1, factor: 0.5, every: 10), [0, 9, 10, 19, 20]) == [1, 1, 0.5, 0.5, 0.25])
  }

  @Test func exponential() {
    let schedule = LearningRateSchedule.exponential(from: 1, factor: 0.25, every: 10)
    #expect(rates(schedule, [0, 10, 20]) == [1, 0.25, 0.0625])
    #expect(abs(schedule(step: 5) - 0.5) < 1e-6)
  }

  @Test func cosine() {
    let schedule = LearningRateSchedule.cosine(from: 2, to: 1, steps: 100)
    #expect(rates(schedule, [0, 50, 100, 500]) == [2, 1.5, 1, 1])
    #expect(schedule(step: 25) > 1.8)
  }

  @Test func warmUp() {
    let schedule = LearningRateSchedule.step(from: 1, factor: 0.5, every: 10).warmedUp(steps: 4)
    #expect(rates(schedule, [0, 1, 2, 3, 4, 13, 14]) == [0.25, 0.5, 0.75, 1, 1, 1, 0.5])
  }
}
