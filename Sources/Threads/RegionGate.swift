import Synchronization

/// The door of a parallel region: workers enter while it is open, the caller closes it and waits
/// until nobody is inside.
///
/// A worker may touch the region's task only between a successful ``enter(after:)`` and its
/// ``leave()``, and the caller returns (and ends the task's life) only after ``close()`` and once
/// the region is empty. So a worker that comes late finds the door closed, or opened for another
/// region, and never sees a task that is gone. The caller waits only for workers that came in: a
/// worker that the system does not schedule delays nobody.
///
/// Everything is one 64-bit word, so that no two facts can be seen out of step:
///
/// | bits  | fact                                                         |
/// |-------|--------------------------------------------------------------|
/// | 0–15  | how many workers are inside                                  |
/// | 16    | open                                                         |
/// | 17    | the caller is parked: who leaves last wakes it               |
/// | 18    | the team has ended                                           |
/// | 19–63 | number of the region, so that a worker enters each only once |
struct RegionGate: ~Copyable {
  private let word = Atomic<UInt64>(0)

  private static let workers: UInt64 = 0xFFFF
  private static let isOpen: UInt64 = 1 << 16
  private static let isCallerParked: UInt64 = 1 << 17
  private static let isEnded: UInt64 = 1 << 18
  private static let regionShift: UInt64 = 19

  /// What a worker found at the door.
  enum Admission {
    /// It is inside the region of this number.
    case entered(region: UInt64)
    /// Nothing new.
    case closed
    /// No region will come any more.
    case ended
  }

  /// Opens the next region.
  ///
  /// The caller has closed the last one and seen it empty.
  ///
  /// Sequentially consistent: either a worker that is about to park sees the open door, or who
  /// opened it sees the worker's parked flag.
  func open() {
    let region = (word.load(ordering: .relaxed) >> Self.regionShift) &+ 1
    word.store(region << Self.regionShift | Self.isOpen, ordering: .sequentiallyConsistent)
  }

  /// Enters the open region, if it is another one than `last`.
  func enter(after last: UInt64) -> Admission {
    var seen = word.load(ordering: .relaxed)
    while true {
      if seen & Self.isEnded != 0 { return .ended }
      let region = seen >> Self.regionShift
      if seen & Self.isOpen == 0 || region == last { return .closed }
      // Acquires the task that was written before the door was opened.
      let (exchanged, original) = word.weakCompareExchange(
        expected: seen, desired: seen &+ 1, ordering: .acquiring)
      if exchanged { return .entered(region: region) }
      seen = original
    }
  }

  /// Whether ``enter(after:)`` would say anything but `closed`; ordered after the caller's flag
  /// store, for a worker about to park.
  func hasNews(after last: UInt64) -> Bool {
    let seen = word.load(ordering: .sequentiallyConsistent)
    return seen & Self.isEnded != 0
      || (seen & Self.isOpen != 0 && seen >> Self.regionShift != last)
  }

  /// Leaves the region; `true` if the caller is parked and this was the last worker inside: then
  /// it has to be woken.
  func leave() -> Bool {
    // Releases what the worker's chunks wrote, and its reads of the task.
    let left = word.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    return left & (Self.workers | Self.isCallerParked) == Self.isCallerParked
  }

  /// Lets nobody in any more.
  func close() {
    word.bitwiseAnd(~Self.isOpen, ordering: .relaxed)
  }

  /// Whether all workers have left; if so, what they wrote is visible.
  var isEmpty: Bool {
    word.load(ordering: .acquiring) & Self.workers == 0
  }

  /// Announces that the caller parks; `false` if the region is empty, so that nobody would wake it.
  func parkCaller() -> Bool {
    var seen = word.load(ordering: .acquiring)
    while seen & Self.workers != 0 {
      let (exchanged, original) = word.weakCompareExchange(
        expected: seen, desired: seen | Self.isCallerParked,
        successOrdering: .acquiringAndReleasing, failureOrdering: .acquiring)
      if exchanged { return true }
      seen = original
    }
    return false
  }

  /// Sends the workers home, while no region is open.
  func end() {
    word.bitwiseOr(Self.isEnded, ordering: .sequentiallyConsistent)
  }
}
