import CKernels
import Tensors
public import Threads

/// The most floating-point operations a second that the processor does in registers: what no kernel
/// can exceed.
///
/// Measured with the inner loops' instruction set, by chains of multiply-adds that touch no memory.
public struct ProcessorPeak: Sendable, Hashable {
  /// How many threads worked.
  public let threadCount: Int
  /// Operations, a multiplication and an addition counted as two, in the fastest window.
  public let gigaflopsPerSecond: Double

  /// Measures the peak of an engine's threads together.
  ///
  /// - Parameters:
  ///   - engine: The threads.
  ///   - seconds: How long to measure.
  public init(measuringOn engine: Engine, seconds: Double = 0.3) {
    self.init(team: engine.team, seconds: seconds)
  }

  init(team: WorkerTeam, seconds: Double) {
    let sums = AlignedBuffer<Float>(count: team.threadCount * MultiplyAdd.sumStride)
    // Many more chunks than threads: one that starts late costs little.
    let task = MultiplyAdd(chunkCount: team.threadCount * 32, sums: sums.pointer)
    // Short windows: of long ones, a neighbour on the machine would have a part of each.
    let timing = StepTiming.measuring(seconds: seconds, windowLength: 0.005) { team.run(task) }
    threadCount = team.runningThreadCount()
    gigaflopsPerSecond =
      Double(task.chunkCount * MultiplyAdd.rounds * nk_multiply_add_operations()) / timing.best
      / 1e9
  }
}

private struct MultiplyAdd: ParallelTask {
  /// Some 40 µs of work.
  static let rounds = 20_000
  /// A cache line for each worker.
  static let sumStride = 16

  let chunkCount: Int
  let sums: UnsafeMutablePointer<Float>

  func run(chunk: Int, worker: Int) {
    sums[worker * Self.sumStride] += nk_multiply_add(Self.rounds, 0.5, 0.5)
  }
}
