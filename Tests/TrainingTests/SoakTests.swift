import Foundation
import Needletail
import Testing

#if os(Linux)
/// The pages of this process that are in memory, in bytes.
private func residentByteCount() throws -> Int {
  let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
  let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
  return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// How much a training of 10,000 steps with 100 checkpoints has grown after its first tenth.
private func growth(leak: Int = 0) throws -> Int {
  var model = try Model(
    Sequential {
      Dense(outputSize: 32, activation: .relu)
      Dense(outputSize: 10)
    },
    inputShape: [64])
  let digits = try Digits.load().training
  let pixels = try Batch(fields: digits.fields, capacity: 80)
  try Array(0..<80).withUnsafeBufferPointer { try digits.fill(pixels, with: $0) }
  let data = try InMemoryDataset(
    inputs: Tensor(
      shape: [80, 64], UnsafeBufferPointer(start: pixels.floats(0), count: 80 * 64)),
    labels: Array(UnsafeBufferPointer(start: pixels.integers(1), count: 80)))
  let trainer = Trainer(
    loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3), metrics: [.accuracy])
  let folder = CheckpointTestFolder()
  var early = 0
  var late = 0
  var leaked: [[UInt8]] = []
  _ = try trainer.fit(
    &model, to: data, epochs: 1000, batchSize: 8,
    checkpoints: Checkpointing(in: folder.url, every: .steps(100))
  ) { event in
    if case .stepEnded(let report, _) = event {
      if leak > 0 { leaked.append([UInt8](repeating: 1, count: leak)) }
      if report.step == 999 { early = try residentByteCount() }
      if report.step == 9999 { late = try residentByteCount() }
    }
    return .continue
  }
  return late - early
}

/// Whether the address sanitizer is there, which keeps what was freed, up to 256 MB of it.
private let keepsFreedMemory = dlsym(nil, "__asan_init") != nil

@Suite(.disabled(if: keepsFreedMemory, "the address sanitizer keeps what was freed"))
struct SoakTests {
  // In processes of their own, where nothing else takes memory.
  @Test func tenThousandStepsTakeNoMoreMemoryThanOneThousand() async {
    await #expect(processExitsWith: .success) {
      // The history of 900 epochs takes about 200 kB of it.
      let grown = try growth()
      try #require(grown < 2_000_000, "\(grown) bytes")
    }
  }

  @Test func theGrowthCanBeSeen() async {
    await #expect(processExitsWith: .success) {
      try #require(try growth(leak: 400) > 2_000_000)
    }
  }
}
#endif
