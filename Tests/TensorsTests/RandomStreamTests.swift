import CKernels
import Tensors
import Testing

@Suite struct RandomStreamTests {
  /// The published test vectors of Philox4x32-10.
  @Test func philoxGivesItsPublishedNumbers() {
    let zero = nk_philox(0, 0, 0).word
    #expect(
      [zero.0, zero.1, zero.2, zero.3] == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    let ones = nk_philox(.max, .max, .max).word
    #expect(
      [ones.0, ones.1, ones.2, ones.3] == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    let pi = nk_philox(0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e, 0x85a3_08d3_243f_6a88).word
    #expect([pi.0, pi.1, pi.2, pi.3] == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func aStreamIsAFunctionOfItsKey() {
    func numbers(_ seed: UInt64, _ purpose: RandomPurpose, _ index: UInt64) -> [UInt64] {
      var stream = RandomStream(seed: seed, purpose: purpose, index: index)
      return (0..<5).map { _ in stream.next() }
    }
    #expect(numbers(1, .shuffle, 2) == numbers(1, .shuffle, 2))
    #expect(numbers(1, .shuffle, 2) != numbers(2, .shuffle, 2))
    #expect(numbers(1, .shuffle, 2) != numbers(1, .split, 2))
    #expect(numbers(1, .shuffle, 2) != numbers(1, .shuffle, 3))
    #expect(Set(numbers(1, .shuffle, 2)).count == 5)
  }

  @Test func uniformNumbersFillTheirInterval() {
    var stream = RandomStream(seed: 3, purpose: .synthesis)
    let numbers = (0..<10_000).map { _ in stream.nextUniform() }
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    let mean = numbers.reduce(0, +) / 10_000
    #expect(abs(mean - 0.5) < 0.02)
  }
}
