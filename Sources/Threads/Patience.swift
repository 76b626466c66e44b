import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How long a thread that waits stays awake: it spins, then yields the processor, then is to park.
///
/// Spinning hands work over within 0.2 µs where waking a parked thread takes 20 to 40 µs. But a
/// processor that spins may be the one that the awaited thread needs (a busy neighbour, a quota
/// below the number of threads), so spinning ends after a time, whatever happens.
struct Patience {
  /// The two limits, in nanoseconds since the wait began.
  struct Limits: Sendable {
    /// Up to here, spin.
    var spin: UInt64
    /// Up to here, yield; from here on, park.
    var yield: UInt64

    /// For a team with a processor for every thread.
    ///
    /// Regions of a training step follow each other within the time of spinning, steps within the
    /// time of yielding. Yielding on a processor that nobody else wants costs the hand-over less
    /// than 1 µs, so spinning longer gains nothing measurable and takes time from neighbours.
    static let ownProcessors = Limits(spin: 20_000, yield: 2_000_000)

    /// For a team with more threads than processors: who spins takes the processor of who works.
    static let sharedProcessors = Limits(spin: 0, yield: 20_000)
  }

  private let limits: Limits
  private var isSpinning: Bool
  private var turn = 0
  private var start: UInt64 = 0

  init(_ limits: Limits) {
    self.limits = limits
    isSpinning = limits.spin > 0
  }

  /// Lets some time pass; `false` when it is time to park.
  mutating func wait() -> Bool {
    turn &+= 1
    // Reading the clock costs about as much as a pause: only now and then, and not at first.
    if isSpinning, turn & 15 != 0 {
      nk_spin_pause()
      return true
    }
    let now = Self.nanoseconds()
    if start == 0 { start = now }
    let elapsed = now &- start
    isSpinning = elapsed < limits.spin
    if isSpinning {
      nk_spin_pause()
    } else if elapsed < limits.yield {
      sched_yield()
    } else {
      return false
    }
    return true
  }

  private static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
